"""Streams of chunks: iterate them, close them from anywhere, ask for the whole answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from enum import Enum
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

import msgspec

from imagine._answers.errors import stream_error
from imagine._answers.folding import Fold, NoChunk
from imagine._answers.own import error_member, mentions_error, replaces_answer
from imagine._live import AsyncLive
from imagine._record import CallRecord
from imagine.calls import CallInfo
from imagine.exceptions import ImagineDecodeException, ImagineException, ImagineStreamException
from imagine.types.answer import remember
from imagine.types.decoding import Decoding

TakeRecord = Callable[[CallRecord], None]

if TYPE_CHECKING:
    from imagine._http.event_source import EventSource

    OpenStream = Callable[[TakeRecord], Awaitable[EventSource]]
else:  # aiohttp stands behind an event source: it is loaded with the first call
    OpenStream = Callable[[TakeRecord], Awaitable]

__all__ = ["AsyncStream"]

T = TypeVar("T")
R = TypeVar("R")

DONE = b"[DONE]"
LAST = 4
"""How many events of a read are looked at for an error where all are the next piece of a text: it ends what is said.

To look at each costs 4 % of an event; of a read with anything else, such as no choice or a finish reason, all are.
"""
KEPT_BYTES = 64 * 1024
"""How much of the last read is kept as it came."""
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the quick decoder refuses, and the lenient one gets to see."""


class _State(Enum):
    NEW = "nothing was asked for yet"
    OPENING = "the request is under way"
    OPEN = "events are read"
    COMPLETE = "the answer is whole"
    CLOSED = "its user closed it before"
    FAILED = "it failed, and the failure was raised"


NEW, OPENING, OPEN, COMPLETE, CLOSED, FAILED = _State


class AsyncStream(AsyncLive[T], Generic[T, R]):
    """The chunks of one streaming call, as they come.

    Nothing is sent before the first chunk is asked for. Use it with `async for`; with `async with` too where you may
    leave early, so that the connection is freed at once. Iterating raises what the call can raise, and after the last
    chunk that came:

    - ImagineStreamException: the stream broke, or ended before it was complete; `partial` holds what came.
    - ImagineStreamErrorException: the service put an error into the stream.
    - ImagineTimeoutException: no event in time.

    Examples:
        >>> import asyncio
        >>> from imagine import ImagineAsyncClient
        >>> async def ask(question):
        ...     async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        ...         stream = client.chat_stream([{"role": "user", "content": question}], max_tokens=5)
        ...         async for chunk in stream:
        ...             pass  # show chunk.first_content
        ...         return await stream.final()
        >>> answer = asyncio.run(ask("How do networks work?"))
        >>> answer.choices[0].finish_reason
        <FinishReason.length: 'length'>
    """

    def __init__(
        self,
        open_call: OpenStream,
        quick: Callable[[bytes], T],
        lenient: Callable[[bytes], T],
        fold: Fold[T, R],
        *,
        require_end: bool = True,
    ) -> None:
        self._open_call = open_call
        self._quick = quick
        self._lenient = lenient
        self._fold = fold
        self._require_end = require_end
        self._state = NEW
        self._failure: ImagineException | None = None
        """What the next read raises; once the state is FAILED, what was raised."""
        self._record: CallRecord | None = None
        self._source: EventSource | None = None
        self._opening: _Opening | None = None
        self._last_read: tuple[list[T], list[bytes]] = [], []
        self._size_before = 0

    @property
    def call(self) -> CallInfo | None:
        """The record of the call as it stands; None before the first chunk was asked for."""
        return self._record.info() if self._record else None

    @property
    def text(self) -> str:
        """The text of the first choice that came so far; ImagineException with `fold=False`."""
        self._check_folds()
        return self._fold.text

    def raw(self, chunk: T) -> Any:
        """Return the whole JSON of a chunk as it came, with what its class does not know.

        Ask while you hold the chunk, before the next one is awaited: what came with one read of the network is kept
        until the next, and only its first 64 KiB. Raises ValueError for any other chunk.
        """
        for known, payload in zip(*self._last_read, strict=False):
            if known is chunk:
                return Decoding(object).decode(payload)
        raise ValueError("this is no chunk of the stream's last read, or stood behind its first 64 KiB: ask at once")

    async def open(self) -> Self:
        """Send the request, and raise what the service answers in place of a stream; return the stream.

        Without it that is raised where the first chunk is asked for. Raises what the call can raise, each time.
        """
        if self._state is OPENING:
            raise ImagineException("the stream is being opened by another task")
        if self._state is FAILED and self._failure is not None:
            raise self._failure
        try:
            await self._start()
        except ImagineException as error:
            self._fail(error)
            raise
        except BaseException as error:
            self._give_up(error)
            raise
        return self

    async def final(self) -> R:
        """Read to the end and return the complete answer; ImagineException with `fold=False`."""
        self._check_folds()
        while await self.read():
            pass
        if self._state is FAILED and self._failure is not None:
            raise self._failure
        if not (self._state is COMPLETE or self._fold.complete):
            error = ImagineStreamException("the stream was closed before its end; `partial` has what came")
            error.partial, error.call = self._fold.snapshot(), self.call
            raise error
        answer = self._fold.snapshot()
        if self._record is not None:
            remember(answer, msgspec.structs.replace(self._record, received=None).info_of)
        return cast("R", answer)

    async def read(self) -> list[T]:
        """Return the chunks of the next network read, and an empty list at the end.

        Iterating is the same for most; a `Stream` for code that blocks has iteration alone.
        """
        source = self._source
        if self._state is OPENING or (source is not None and source.clock.is_waiting):
            raise ImagineException("the stream is being read by another task; give each consumer a stream of its own")
        try:
            source = source or await self._start()
            if self._failure is not None and self._state is not FAILED:
                raise self._failure
            if source is None or self._state is CLOSED or self._state is FAILED:
                return []
            payloads: list[bytes] = []
            try:
                if self._state is OPEN:
                    payloads = await source.read()
            except ImagineException:
                if not self._fold.complete:
                    raise
            chunks = self._decoded(source, payloads)
            if not chunks:
                await self._finish(source)
            return chunks
        except ImagineException as error:
            payloads = []  # this frame stands in the traceback, the service's words in the message, without secrets
            self._fail(error)
            raise
        except BaseException as error:  # the reading task was cancelled: mostly, nobody comes back for the rest
            self._give_up(error)
            raise

    def close(self) -> None:
        """Drop the connection at once, from any task or thread; a stream that is closed just ends."""
        if self._state is OPENING and self._record is not None:
            self._record.left = True
        self._drop()

    def _drop(self) -> None:
        if self._state in (NEW, OPENING, OPEN):
            self._state = CLOSED
        self._batch = iter(())
        if self._source is not None:
            self._source.close_from_anywhere()
        elif self._opening is not None:
            self._opening.stop_from_anywhere()

    def __del__(self) -> None:
        source: EventSource | None = getattr(self, "_source", None)  # not there where the arguments were wrong
        if source is not None and not source.is_closed:
            source.close_soon()

    def _check_folds(self) -> None:
        if not self._fold.keeps:
            raise ImagineException("this stream was opened with fold=False: it keeps no text and no final answer")

    async def _start(self) -> EventSource | None:
        """Open the stream; None if it was closed meanwhile, or before."""
        if self._state is not NEW:
            return None
        self._state, self._opening = OPENING, _Opening()
        try:
            async with self._opening.timeout:
                self._source = await self._open_call(self._take_record)
        except ImagineException:
            raise
        except TimeoutError:  # `close` was called: it is the only one to set a time
            return None
        finally:
            self._opening = None
        if self._fold.keeps:
            self._source.keep_within(self._source.call.options.max_response_bytes)
        if self._state is OPENING:
            self._state = OPEN
        else:  # closed in the moment in which it was opened
            self._source.close()
        return self._source

    def _take_record(self, record: CallRecord) -> None:
        self._record, record.received, record.left = record, self._fold, self._state is CLOSED

    def _decoded(self, source: EventSource, payloads: list[bytes]) -> list[T]:
        """Decode one read; of a bad event the good ones before it are delivered first."""
        if not payloads:
            return []
        done = payloads[-1] == DONE
        if done:
            payloads.pop()
        try:
            chunks = list(map(self._quick, payloads))
        except UNREADABLE:
            done, chunks = self._decoded_one_by_one(source, payloads, done)
        try:
            looked_at = payloads if self._fold.add(chunks, payloads) else payloads[-LAST:]
        except NoChunk as bad:
            done, looked_at = False, payloads
            self._failure = _not_a_chunk(source, payloads[bad.place], bad.reason)
            del chunks[bad.place :]
        kept = payloads if source.size <= self._size_before + KEPT_BYTES else _within(KEPT_BYTES, payloads)
        self._size_before, self._last_read = source.size, (chunks, kept)
        call = source.call
        call.record.count(len(chunks))
        if call.trace is not None:
            call.trace.received(chunks)
        if self._is_done(source, looked_at, done) and self._state is OPEN:
            self._state = COMPLETE
        if not chunks and self._failure is not None:
            raise self._failure
        return chunks

    def _is_done(self, source: EventSource, looked_at: list[bytes], done: bool) -> bool:
        """Tell whether the answer is whole after a read; what speaks against it is raised by the next one."""
        if source.refusal is not None:
            self._failure, done = source.refusal, False
        elif mentions_error(b"".join(looked_at)) and (reported := next(filter(error_member, looked_at), None)):
            self._failure, done = _service_error(source, reported), False
        elif self._failure is not None and source.at_end and self._fold.complete:
            self._failure, done = None, True  # what else goes wrong after the last finish reason is no error
        return done

    def _decoded_one_by_one(self, source: EventSource, payloads: list[bytes], done: bool) -> tuple[bool, list[T]]:
        chunks: list[T] = []
        for payload in payloads:
            if payload.strip() == DONE:
                return True, chunks
            try:
                chunks.append(self._lenient(payload))
            except ImagineDecodeException as error:
                self._failure = _not_a_chunk(source, payload, error)
                return False, chunks
        return done, chunks

    async def _finish(self, source: EventSource) -> None:
        """End well, or tell why the end of the body is not the end of the answer."""
        if source.is_closed or self._state is CLOSED:  # by its user; or it was finished before
            return
        if self._state is OPEN:
            self._check_end(source)
        if not self._fold.begun:
            raise ImagineStreamException("the service ended the stream before it said anything")
        if self._state is not OPEN and not self._fold.complete and await source.breaks_off():
            raise ImagineStreamException("the connection broke off after [DONE], in the middle of the answer")
        self._state = COMPLETE
        if source.call.slots.quotas is not None:
            source.call.charge_tokens(self._fold.usage, self._fold.text)
        await source.finish()

    def _check_end(self, source: EventSource) -> None:
        if source.error_event is not None:
            raise _service_error(source, source.error_event)
        events = source.call.record.events
        if not self._fold.may_end and (self._require_end or not events):
            raise ImagineStreamException(
                f"the stream ended after {events} events without [DONE] or a finish reason: it was cut"
            )

    def _give_up(self, error: BaseException) -> None:
        """Drop the connection after a cancellation; who does come back is not to take that for the end."""
        if self._source is not None:
            self._source.call.record_failure(error)
        if self._state in (OPENING, OPEN):
            self._failure = ImagineStreamException(
                "an earlier read of this stream was cancelled; `partial` has what came"
            )
        self._drop()

    def _fail(self, error: ImagineException) -> None:
        self._state, self._failure = FAILED, error
        if self._source is not None:
            error.partial = self._fold.snapshot()
            self._source.fail(error)


class _Opening:
    """The opening of a stream, which can be stopped from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.timeout = asyncio.timeout(None)

    def stop_from_anywhere(self) -> None:
        """Let the time run out, in the loop's next turn."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        with contextlib.suppress(RuntimeError):  # it is open meanwhile
            self.timeout.reschedule(0.0)


def _not_a_chunk(source: EventSource, payload: bytes, error: ImagineDecodeException) -> ImagineStreamException:
    """Return the exception for a payload that is no chunk: an error of the service, a cut event, or nonsense."""
    if replaces_answer(payload):
        return _service_error(source, payload)
    what = "ended in the middle of an event" if source.at_end else "carried an event that is no chunk"
    failure = ImagineStreamException(f"the stream {what}: {error}")
    failure.__cause__ = error
    return failure


def _within(most: int, payloads: list[bytes]) -> list[bytes]:
    """Return the first payloads, as far as they are not longer than so many bytes together."""
    sizes = accumulate(map(len, payloads))
    return [payload for payload, size in zip(payloads, sizes, strict=True) if size <= most]


def _service_error(source: EventSource, payload: bytes) -> ImagineStreamException:
    call = source.call
    return stream_error(payload, call.record, doing=call.doing, redaction=call.redaction)
