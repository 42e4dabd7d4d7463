"""Streams of chunks: iterate them, close them from anywhere, ask for the whole answer.

`AsyncStream` decodes and folds; its bytes come from a feed. `Stream` is the same for code that blocks.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Generic, Self, TypeVar, cast

import msgspec

from imagine import _loop_thread
from imagine.exceptions import ImagineDecodeException, ImagineException, ImagineStreamException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
    from types import TracebackType

    from imagine._call import CallInfo
    from imagine._feed import Feed
    from imagine._fold import Fold
    from imagine._transport import Call

    Opening = Callable[[], Awaitable[tuple[Call, Feed]]]

__all__ = ["AsyncStream", "Stream"]

T = TypeVar("T")
R = TypeVar("R")
V = TypeVar("V")

DONE = b"[DONE]"
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""What the quick decoder refuses, and the lenient one gets to see."""


class AsyncStream(Generic[T, R]):
    """The chunks of one streaming call, as they come.

    Nothing is sent before the first chunk is asked for. Use it with `async for`; with `async with` too where you may
    leave early, so that the connection is freed at once. Iterating raises what the call can raise, and after the last
    chunk that came:

    - ImagineStreamException: the stream broke, or ended before it was complete; `partial` holds what came.
    - ImagineStreamErrorException: the service put an error into the stream.
    - ImagineTimeoutException: no event in time.
    """

    def __init__(
        self,
        opening: Opening,
        quick: Callable[[bytes], T],
        lenient: Callable[[bytes], T],
        fold: Fold[T, R],
        *,
        require_end: bool = True,
    ) -> None:
        self._open = opening
        self._quick = quick
        self._lenient = lenient
        self._fold = fold
        self._require_end = require_end
        self._call: Call | None = None
        self._feed: Feed | None = None
        self._batch: Iterator[T] = iter(())
        self._failure: ImagineException | None = None
        self._reading = False
        self._done = False
        self._ended = False
        self._ended_well = False
        self._raised: ImagineException | None = None
        self._opening: asyncio.Timeout | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def call(self) -> CallInfo | None:
        """The record of the call as it stands; None before the first chunk was asked for."""
        if self._call is None:
            return self._raised.call if self._raised else None
        return self._call.record.info()

    @property
    def text(self) -> str:
        """The text of the first choice that came so far; ImagineException with `fold=False`."""
        self._check_folds()
        return self._fold.text

    async def final(self) -> R:
        """Read to the end and return the complete answer; ImagineException with `fold=False`."""
        self._check_folds()
        while await self.read():
            pass
        if self._raised is not None:
            raise self._raised
        if not (self._ended_well or self._fold.complete):
            error = ImagineStreamException("the stream was closed before its end; `partial` has what came")
            error.partial, error.call = self._fold.so_far(), self.call
            raise error
        return cast("R", self._fold.so_far())

    async def read(self) -> list[T]:
        """Return the chunks of the next network read, and an empty list at the end."""
        if self._reading:
            raise ImagineException("the stream is being read by another task; give each consumer a stream of its own")
        self._reading = True
        try:
            if self._failure is not None:
                raise self._failure
            feed = None if self._ended else self._feed or await self._start()
            if feed is None or self._ended:
                return []
            payloads: list[bytes] = []
            try:
                if not self._done:
                    payloads = await feed.read()
            except ImagineException:
                if not self._fold.complete:
                    raise
            chunks = self._decoded(feed, payloads)
            if not chunks:
                await self._finish(feed)
            return chunks
        except ImagineException as error:
            self._fail(error)
            raise
        except BaseException:  # the reading task was cancelled: nobody will come back for the rest
            self.close()
            raise
        finally:
            self._reading = False

    def close(self) -> None:
        """Drop the connection at once, from any task or thread; a stream that is closed just ends."""
        self._ended = True
        self._batch = iter(())
        feed, loop = self._feed, self._loop
        if feed is not None:
            feed.close_from_anywhere()
        elif loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(self._stop_opening)

    async def aclose(self) -> None:
        """Drop the connection at once, from any task; a stream that is closed just ends."""
        self.close()
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        while True:
            for chunk in self._batch:  # a list iterator: a second loop goes on where the first was left
                yield chunk
            if not (chunks := await self.read()):
                return
            self._batch = iter(chunks)

    async def __anext__(self) -> T:
        for chunk in self._batch:
            return chunk
        self._batch = iter(await self.read())
        for chunk in self._batch:
            return chunk
        raise StopAsyncIteration

    def __del__(self) -> None:
        if self._feed is not None and not self._ended:
            self._feed.close_soon()

    def _check_folds(self) -> None:
        if not self._fold.keeps:
            raise ImagineException("this stream was opened with fold=False: it keeps no text and no final answer")

    async def _start(self) -> Feed | None:
        """Open the stream; None if it was closed meanwhile."""
        self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as self._opening:
                self._call, feed = await self._open()
        except ImagineException:
            raise
        except TimeoutError:  # `close` was called: it is the only one to set a time
            return None
        finally:
            self._opening = None
        self._feed = feed
        if self._ended:  # closed in the moment in which it was opened
            feed.close()
        return feed

    def _stop_opening(self) -> None:
        if self._opening is not None and self._opening.when() is None:
            self._opening.reschedule(0.0)

    def _decoded(self, feed: Feed, payloads: list[bytes]) -> list[T]:
        """Decode one read; of a bad event the good ones before it are delivered first."""
        if not payloads:
            return []
        decode = self._quick
        done = payloads[-1] == DONE
        if done:
            payloads.pop()
        try:
            chunks = list(map(decode, payloads))
        except UNREADABLE:
            done, chunks = self._decoded_one_by_one(feed, payloads, done)
        self._fold.add(chunks)
        feed.count(len(chunks))
        if self._failure is not None and feed.at_end and self._fold.complete:
            self._failure, done = None, True  # what goes wrong after the last finish reason is no error
        self._done = done
        if not chunks and self._failure is not None:
            raise self._failure
        return chunks

    def _decoded_one_by_one(self, feed: Feed, payloads: list[bytes], done: bool) -> tuple[bool, list[T]]:
        chunks: list[T] = []
        for payload in payloads:
            if payload.strip() == DONE:
                return True, chunks
            try:
                chunks.append(self._lenient(payload))
            except ImagineDecodeException as error:
                self._failure = feed.not_a_chunk(payload, error)
                return False, chunks
        return done, chunks

    async def _finish(self, feed: Feed) -> None:
        """End well, or tell why the end of the body is not the end of the answer."""
        if self._ended:  # closed by its user
            return
        if not self._done:
            self._check_end(feed)
        self._ended = self._ended_well = True
        if feed.counts_tokens:
            feed.charge_tokens(self._fold.usage, self._fold.text)
        await feed.finish()

    def _check_end(self, feed: Feed) -> None:
        if feed.error_event is not None:
            raise feed.service_error(feed.error_event)
        if not self._fold.may_end and (self._require_end or not feed.events):
            raise ImagineStreamException(
                f"the stream ended after {feed.events} events without [DONE] or a finish reason: it was cut"
            )

    def _fail(self, error: ImagineException) -> None:
        self._ended = True
        self._raised = error
        self._failure = None
        if self._feed is not None:
            error.partial = self._fold.so_far()
            self._feed.fail(error)


class Stream(Generic[T, R]):
    """The chunks of one streaming call, as they come, for code that blocks.

    Nothing is sent before the first chunk is asked for. Use it with `for`; with `with` too where you may leave early,
    so that the connection is freed at once. Iterating raises what the call can raise, and after the last chunk that
    came:

    - ImagineStreamException: the stream broke, or ended before it was complete; `partial` holds what came.
    - ImagineStreamErrorException: the service put an error into the stream.
    - ImagineTimeoutException: no event in time.
    """

    def __init__(self, stream: AsyncStream[T, R]) -> None:
        self._stream = stream
        self._batch: Iterator[T] = iter(())
        self._thread: _loop_thread.LoopThread | None = None

    @property
    def call(self) -> CallInfo | None:
        """The record of the call as it stands; None before the first chunk was asked for."""
        return self._stream.call

    @property
    def text(self) -> str:
        """The text of the first choice that came so far; ImagineException with `fold=False`."""
        return self._stream.text

    def final(self) -> R:
        """Read to the end and return the complete answer; ImagineException with `fold=False`."""
        return self._carry(self._stream.final)

    def close(self) -> None:
        """Drop the connection at once, from any thread; a stream that is closed just ends."""
        self._batch = iter(())
        _loop_thread.post(self._stream.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Generator[T, None, None]:
        while True:
            yield from self._batch  # a list iterator: a second loop goes on where the first was left
            if not self._carry(self._refill):
                return

    def __next__(self) -> T:
        for chunk in self._batch:
            return chunk
        if self._carry(self._refill):
            return next(self._batch)
        raise StopIteration

    async def _refill(self) -> bool:
        """Read in the loop, and put down there what came, so that no interrupt of the reader's thread can lose it."""
        chunks = await self._stream.read()
        self._batch = iter(chunks)
        return bool(chunks)

    def _carry(self, function: Callable[[], Awaitable[V]]) -> V:
        """Cross over to the loop once; what interrupts this thread meanwhile, as Ctrl-C does, ends the stream."""
        try:
            thread = _loop_thread.loop_thread()
            if self._thread not in (None, thread):
                raise ImagineException("this stream was opened in another process, or its loop has ended: ask anew")
            self._thread = thread
            return thread.carry(function)
        except ImagineException:
            raise
        except BaseException:
            self.close()
            raise
