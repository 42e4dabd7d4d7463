"""`Stream`: an `AsyncStream` for code that blocks, which crosses over to the loop once for each network read."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Generator, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Generic, Never, Self, SupportsIndex, TypeVar

from imagine._blocking import loop_thread
from imagine.calls import CallInfo
from imagine.exceptions import ImagineException
from imagine.streaming import AsyncStream

__all__ = ["Stream"]

T = TypeVar("T")
R = TypeVar("R")
V = TypeVar("V")


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
        self._thread: loop_thread.LoopThread | None = None

    @property
    def call(self) -> CallInfo | None:
        """The record of the call as it stands; None before the first chunk was asked for."""
        return self._stream.call

    @property
    def text(self) -> str:
        """The text of the first choice that came so far; ImagineException with `fold=False`."""
        return self._stream.text

    def raw(self, chunk: T) -> Any:
        """Return the whole JSON of a chunk as it came, with what its class does not know.

        Ask while you hold the chunk, before the next one is asked for: what came with one read of the network is kept
        until the next, and only its first 64 KiB. Raises ValueError for any other chunk.
        """
        return self._stream.raw(chunk)

    def open(self) -> Self:
        """Send the request, and raise what the service answers in place of a stream; return the stream.

        Without it that is raised where the first chunk is asked for. Raises what the call can raise, each time.
        """
        self._call(self._stream.open)
        return self

    def final(self) -> R:
        """Read to the end and return the complete answer; ImagineException with `fold=False`."""
        return self._call(self._stream.final)

    def close(self) -> None:
        """Drop the connection at once, from any thread; a stream that is closed just ends."""
        self._batch = iter(())
        loop_thread.call_soon(self._stream.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self._give_up()
        else:
            self.close()

    def __iter__(self) -> Generator[T, None, None]:
        while True:
            yield from self._batch  # a list iterator: a second loop goes on where the first was left
            if not self._call(self._refill):
                return

    def __next__(self) -> T:
        for chunk in self._batch:
            return chunk
        if self._call(self._refill):
            return next(self._batch)
        raise StopIteration

    async def _refill(self) -> bool:
        """Read in the loop, and put down there what came, so that no interrupt of the reader's thread can lose it."""
        chunks = await self._stream.read()
        self._batch = iter(chunks)
        return bool(chunks)

    def _call(self, function: Callable[[], Awaitable[V]]) -> V:
        """Cross over to the loop once; what interrupts this thread meanwhile, as Ctrl-C does, ends the stream."""
        try:
            thread = loop_thread.loop_thread()
            if self._thread not in (None, thread):
                raise ImagineException("this stream was opened in another process, or its loop has ended: ask anew")
            self._thread = thread
            return thread.call(function)
        except ImagineException:
            raise
        except BaseException:
            self._give_up()
            raise

    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        """Refuse to be copied or pickled, as an AsyncStream does."""
        self._stream.__reduce_ex__(protocol)

    def _give_up(self) -> None:
        """Drop the connection as an AsyncStream does when its reader is cancelled."""
        self._batch = iter(())
        give_up = self._stream._give_up  # pyright: ignore[reportPrivateUsage] - the same stream, for code that awaits
        loop_thread.call_soon(partial(give_up, CancelledError()))
