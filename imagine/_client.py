"""What the async client stands on: its options, its end, the transport made on first use, and the ways to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import cached_property, lru_cache, partial
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar, cast

import msgspec

from imagine import _tracing
from imagine._answers.own import own_answer, own_look
from imagine._first_use import first_use
from imagine._http.bodies import EVENTS, JSONBody, json_body
from imagine._http.sessions import Pool
from imagine._log import enable
from imagine._options.call import CallOptions
from imagine._options.client import ClientOptions, Options
from imagine._pacing.lanes import LaneKey
from imagine._pacing.slots import NO_QUEUE, SlotQueue
from imagine._plain import plain
from imagine._redaction.redaction import Redaction
from imagine._requests import checked_method, checked_path, encoded, query_of
from imagine._warn import warn
from imagine.exceptions import ImagineException
from imagine.types.base import DTO
from imagine.types.decoding import Decoding

if TYPE_CHECKING:
    from imagine._http.call import Call
    from imagine._http.event_source import EventSource
    from imagine._http.sources import Upload
    from imagine._http.transport import Transport
    from imagine.streaming import OpenStream, TakeRecord

__all__ = ["AsyncClientBase"]

T = TypeVar("T")

PROBE_SECONDS = 10.0
"""How long the answer to a probe is waited for: a service that is there answers at once."""

_SHARED_BY_SLOTS = ("endpoint", "api_key", "max_concurrent_requests", "rate_limits")
"""Options in which clients must agree to share slots and quotas."""


class AsyncClientBase:
    """The part of `ImagineAsyncClient` that is no route of the service."""

    _blocks = False
    """Whether it works behind a client that blocks."""

    _is_to_be_closed = True
    """Whether its user has to close it, and is warned otherwise."""

    def _set_up(self, options: Options, parent: Self | None = None) -> None:
        self._options = options
        self._parent = parent
        self._closed = False
        self._transport: Transport | None = None
        self._making: Future[Transport] | None = None
        words = "with" if self._blocks else "async with"
        told = f"{self!r}: use `{words}`, or close()" if self._is_to_be_closed else None
        self._pool: Pool = parent._pool if parent else Pool(told)
        shares = parent is not None and all(
            getattr(parent._options, name) == getattr(options, name) for name in _SHARED_BY_SLOTS
        )
        self._slots: SlotQueue = (
            parent._slots if parent and shares else SlotQueue(options.max_concurrent_requests, options.rate_limits)
        )
        if options.debug:
            enable()
        if options.verify is False:
            warn("verify=False: TLS certificates are not checked, anyone in between can read the key")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options!r})"

    def __reduce__(self) -> tuple[Callable[..., AsyncClientBase], tuple[type[AsyncClientBase], Options]]:
        return _restored, (type(self), self._options)

    def _derived(self, options: ClientOptions) -> Self:
        derived = object.__new__(type(self))
        derived._set_up(self._options.changed(options), parent=self)
        return derived

    async def close(self) -> None:
        """Close the connections; open streams break off. A second time does nothing.

        Those in a loop of another thread are closed there: `close` waits for it, but at most 2 s for one that is stuck.
        """
        self._closed = True
        if self._parent is None:
            await self._pool.close()

    async def __aenter__(self) -> Self:
        self._check_open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ImagineException("this client is closed: make a new one, or close it later")
        if self._parent is not None:
            self._parent._check_open()

    async def _get(
        self, path: str, params: Mapping[str, object], decode: Callable[[bytes | bytearray], T], overrides: CallOptions
    ) -> T:
        transport, call = await self._new_call("GET", path, None, params, overrides, LaneKey(f"GET {path}"))
        return await transport.fetch(call, partial(own_look, decode))

    async def _probe(self, path: str, decode: Callable[[bytes | bytearray], T], given: CallOptions) -> T:
        """Ask a route that tells whether the service is there: whatever else waits, and once unless told otherwise."""
        timeout = self._options.timeout
        quick = msgspec.structs.replace(timeout, read=min(PROBE_SECONDS, timeout.read))
        told = {name: value for name, value in given.items() if value is not None}
        overrides = cast("CallOptions", {"timeout": quick, "max_retries": 0, **told})
        transport, call = await self._new_call("GET", path, None, {}, overrides, LaneKey(f"GET {path}"))
        call.slots = NO_QUEUE
        return await transport.fetch(call, partial(own_look, decode))

    async def _post(self, path: str, body: DTO, decoding: Decoding[T], overrides: CallOptions) -> T:
        content = json_body(encoded(body, overrides.get("extra_body")))
        transport = self._ready() or await self._get_ready()
        call = transport.call("POST", path, {}, content, overrides, _lane(path, body, overrides))
        return await transport.fetch(call, partial(own_answer, decoding.decode))

    async def _upload(
        self,
        path: str,
        fields: list[tuple[str, str]],
        upload: Upload,
        decoding: Decoding[T],
        overrides: CallOptions,
    ) -> T:
        transport = self._ready() or await self._get_ready()
        return await transport.upload(path, fields, upload, overrides, partial(own_answer, decoding.decode))

    async def _download(self, address: str, decode: Callable[[bytes | bytearray], T], overrides: CallOptions) -> T:
        """Get a file from wherever it is; the key goes to the endpoint's own origin alone."""
        transport = self._ready() or await self._get_ready()
        begin = partial(_begin_download, transport, address, self._slots_elsewhere, overrides)
        transport, call = await asyncio.wrap_future(
            _in_thread(begin)
        )  # TLS is built there, where it was not needed yet
        return await transport.fetch(call, decode)

    @cached_property
    def _slots_elsewhere(self) -> SlotQueue:
        """Where downloads from other origins wait, whose pace and quotas are not those of the service."""
        return SlotQueue(self._options.max_concurrent_requests)

    async def _new_call(
        self,
        method: str,
        path: str,
        json: object,
        params: Mapping[str, object] | None,
        overrides: CallOptions,
        lane: LaneKey | None = None,
    ) -> tuple[Transport, Call]:
        """Begin any call; paths that users give share one lane for each method, since there may be any number."""
        method, path = checked_method(method), checked_path(path)
        content = json_body(encoded(plain(json, "json"), overrides.get("extra_body")))
        query = query_of(params)
        transport = self._ready() or await self._get_ready()
        call = transport.call(method, path, query, content, overrides, lane or LaneKey(f"{method} by request()"))
        call.record.model = _model_of(json, overrides)
        return transport, call

    def _opener(self, path: str, body: DTO, overrides: CallOptions) -> OpenStream:
        """Return what opens a stream when its first chunk is asked for; its body is encoded now."""
        self._check_open()
        content = json_body(encoded(body, overrides.get("extra_body")))
        told = self._options.on_call is not None or _tracing.begin is not None
        context = copy_context() if told else None
        return partial(self._open_stream, path, content, overrides, _lane(path, body, overrides), context)

    async def _open_stream(
        self,
        path: str,
        content: JSONBody | None,
        overrides: CallOptions,
        lane: LaneKey,
        context: Context | None,
        take_record: TakeRecord,
    ) -> EventSource:
        transport = self._ready() or await self._get_ready()
        call = transport.call("POST", path, {}, content, overrides, lane, EVENTS)
        call.context = context
        take_record(call.record)
        return await transport.open(call)

    def _redaction(self) -> Redaction:
        """Return what knows the client's secrets, as far as it has any yet."""
        return self._transport.redaction if self._transport is not None else Redaction()

    def _ready(self) -> Transport | None:
        """Return the transport; None before the first use."""
        if self._closed or self._parent is not None:  # asked here, too: each call comes by
            self._check_open()
        return self._transport

    async def _get_ready(self) -> Transport:
        """Make the transport in a thread, on first use: importing aiohttp would stall the loop for 250 ms."""
        making = self._making = self._making or _in_thread(self._make_transport)
        try:
            made = await asyncio.shield(asyncio.wrap_future(making))
        finally:
            self._making = None  # after a failure, the next call tries anew
        self._transport = made
        return made

    def _make_transport(self) -> Transport:
        with first_use():
            from imagine._http.transport import Transport

            import_module("imagine._redaction.notations")  # what a failure needs, which may be that no file opens
        return Transport(self._options, self._pool, self._slots)


def _lane(path: str, body: DTO, overrides: CallOptions) -> LaneKey:
    """Return the lane of a request: its route and its model."""
    model: str | None = getattr(body, "model", None)  # most bodies have one, and most calls no options of their own
    return _lane_key(path, model if model and not overrides else _model_of(body, overrides))


def _model_of(body: object, overrides: CallOptions) -> str | None:
    """Return the model that the service will see."""
    extra = overrides.get("extra_body")
    model = extra.get("model") if extra else None
    if not model:
        model = getattr(body, "model", None)
    if not model and isinstance(body, dict):
        model = cast("dict[object, object]", body).get("model")
    return str(model) if model else None


def _begin_download(home: Transport, address: str, slots: SlotQueue, overrides: CallOptions) -> tuple[Transport, Call]:
    from imagine._http.elsewhere import begin_download  # few programs get files

    return begin_download(home, address, slots, overrides)


@lru_cache
def _lane_key(path: str, model: str | None) -> LaneKey:
    return LaneKey(f"POST {path}", model)


def _in_thread(function: Callable[[], T]) -> Future[T]:
    executor = ThreadPoolExecutor(1)
    try:
        return executor.submit(function)
    except RuntimeError as error:
        raise ImagineException(f"no thread could be started to prepare the first call in: {error}") from error
    finally:
        executor.shutdown(wait=False)


def _restored(kind: type[AsyncClientBase], options: Options) -> AsyncClientBase:
    """Make a client from pickled or copied options; it opens its own connections."""
    client = object.__new__(kind)
    client._set_up(options)  # pyright: ignore[reportPrivateUsage] - part of the class, where pickles find it
    return client
