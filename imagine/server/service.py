"""What the requests of one server share, and what one request knows about itself."""

from __future__ import annotations

import asyncio
import hmac
import posixpath
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec
from aiohttp import web

from imagine.server.answers import model_not_found, refusing_bad_values, unauthorized
from imagine.server.asked import unknown_members
from imagine.server.bodies import fitted, parse_json
from imagine.server.events import OpenStreams
from imagine.server.faults import FaultScript
from imagine.server.paths import BASE_PATH, route_of
from imagine.server.quotas import QuotaBook
from imagine.server.recorder import Connections, RecordedRequest
from imagine.server.replies import Content, Scripts
from imagine.server.store import Spent, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imagine.server.config import ServerConfig
    from imagine.server.work import Work

__all__ = ["HISTORY_ROUTES", "RECORD", "REPLY", "SERVICE", "USER", "InferenceCall", "Service"]

T = TypeVar("T", bound=msgspec.Struct)
P = ParamSpec("P")
R = TypeVar("R")

HISTORY_ROUTES = ("chat/completions", "completions", "embeddings", "reranker", "images/generations")
"""Routes whose answers are remembered."""


class Service:
    """The state of one server."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.store = Store(config.database, config.history_limit)
        self._store_thread = ThreadPoolExecutor(1, "imagine-store")
        self._unwritten: deque[tuple[Callable[[], None], asyncio.Future[None]]] = deque()
        self.quotas = QuotaBook(config.parsed_quotas)
        self.faults = FaultScript()
        self.requests: deque[RecordedRequest] = deque(maxlen=config.requests_kept)
        self.scripts = Scripts(self.requests, config.unscripted, config.left_over)
        self.streams = OpenStreams()
        self.connections = Connections()

    async def stored(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Use the store in its own thread, where a database that is locked by others holds up nobody else."""
        job = partial(function, *args, **kwargs)
        # Shielded: what has been generated is recorded although its client has left.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._store_thread, job))

    async def keep(self, write: Callable[[], None]) -> None:
        """Write to the store with whatever else waits for it: a slow database keeps many waiting no longer than one."""
        loop = asyncio.get_running_loop()
        written = loop.create_future()
        self._unwritten.append((write, written))
        if len(self._unwritten) == 1:
            self._store_thread.submit(self._write_all, loop)
        await asyncio.shield(written)  # what has been generated is recorded although its client has left

    def _write_all(self, loop: asyncio.AbstractEventLoop) -> None:
        writes = [self._unwritten.popleft() for _ in range(len(self._unwritten))]
        error: Exception | None = None
        try:
            with self.store.together():
                for write, _ in writes:
                    write()
        except Exception as failure:
            error = failure
        loop.call_soon_threadsafe(_settle, [written for _, written in writes], error)

    async def close_store(self) -> None:
        """Close the store once it has done what it was given."""
        await self.stored(self.store.close)
        self._store_thread.shutdown(wait=False)

    def user_of(self, authorization: str) -> str:
        """Return whose key an Authorization header holds; refused if it is nobody's."""
        scheme, _, given = authorization.partition(" ")
        # Every key is compared, in constant time: the time it takes reveals nothing about them.
        matches = [_equal(given.strip(), key) for key in self.config.keys]
        if scheme.lower() != "bearer" or not any(matches):
            raise unauthorized()
        return f"u-{matches.index(True) + 1}"


def _settle(waiting: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    for written in waiting:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


def _equal(given: str, key: str) -> bool:
    return hmac.compare_digest(given.encode(errors="surrogateescape"), key.encode())


SERVICE = web.AppKey("service", Service)
USER = web.RequestKey("user", str)
RECORD = web.RequestKey("record", RecordedRequest)
REPLY = web.RequestKey("reply", Content)


class InferenceCall:
    """One request to an inference route: who asks, for what, and what it has cost."""

    def __init__(self, request: web.Request) -> None:
        self.service = request.app[SERVICE]
        self.reply = request.get(REPLY)
        engines = self.service.config.engines
        self.engines = self.reply.standing_in(engines) if self.reply else engines
        self.user = request[USER]
        self.record = request[RECORD]
        self.route = route_of(request.path)
        self.is_own = request.path.startswith(f"{BASE_PATH}/")
        """Whether it came where our own clients send it, not where OpenAI's do."""
        self._request = request

    @property
    def images_base(self) -> str:
        """What the addresses of images begin with: nothing for our own clients, which know the rest."""
        return "" if self.is_own else f"{self._request.url.origin()}{posixpath.dirname(BASE_PATH)}"

    @cached_property
    def document(self) -> dict[str, Any]:
        """The body's JSON object."""
        return parse_json(self.record.body)

    def decode(self, into: type[T]) -> T:
        """Convert the body to a class; `stream` is false if the body does not say."""
        if "stream" in into.__struct_fields__:
            self.document.setdefault("stream", False)
        asked = fitted(self.document, into)
        self.record.ignored = tuple(dict.fromkeys(unknown_members(self.document, asked)))
        return asked

    def require_model(self, kind: str, name: str) -> None:
        """Refuse a model that is not offered for this kind of task; what a test has scripted answers for any."""
        if self.reply is None and name not in self.service.config.models.get(kind, ()):
            raise model_not_found()

    def scripted(self, choices: int = 1) -> list[Work]:
        """Return the text that a test has scripted for the request, as so many choices; none where there is none."""
        made = [self.reply.work() for _ in range(choices)] if self.reply else []
        return [work for work in made if work is not None]

    async def compute(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an engine in a thread; a value that it does not accept is refused with 422."""
        with refusing_bad_values():
            return await asyncio.to_thread(function, *args, **kwargs)

    async def conclude(self, model: str, spent: Spent, response: object, asked: object = None) -> None:
        """Charge what the call has cost to the quotas, record it, and remember the response.

        What is remembered as the request is its document, unless something else is given as `asked`.
        """
        self.service.quotas.spend_tokens(self.user, spent.total_tokens)
        await self.service.keep(partial(self._keep, model, spent, response, asked))

    def _keep(self, model: str, spent: Spent, response: object, asked: object) -> None:
        store, encode = self.service.store, msgspec.json.encode
        store.add_usage(self.user, model, spent)
        if self.route in HISTORY_ROUTES:
            store.add_history(self.user, self.route, encode(response), encode(asked or self.document))
