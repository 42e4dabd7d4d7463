"""What lives until it is closed, for code that blocks: it crosses over to the loop once for each list that is ready."""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Generator, Iterator
from functools import partial
from types import TracebackType
from typing import Any, Generic, Never, Self, SupportsIndex, TypeVar

from imagine._blocking import loop_thread
from imagine._live import AsyncLive
from imagine.exceptions import ImagineException

__all__ = ["BlockingLive"]

T = TypeVar("T")
A = TypeVar("A", bound=AsyncLive[Any])
V = TypeVar("V")


class BlockingLive(Generic[T, A]):
    """Base of the twins of what is iterated in pieces: items are T, and A is what they come from."""

    def __init__(self, live: A) -> None:
        self._async = live
        self._batch: Iterator[T] = iter(())
        self._thread: loop_thread.LoopThread | None = None

    def close(self) -> None:
        """Drop what is under way at once, from any thread; iterating just ends."""
        self._batch = iter(())
        loop_thread.call_soon(self._async.close)

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
        for item in self._batch:
            return item
        if self._call(self._refill):
            return next(self._batch)
        raise StopIteration

    async def _refill(self) -> bool:
        """Read in the loop, and put down there what came, so that no interrupt of the reader's thread can lose it."""
        items: list[T] = await self._async.read()
        self._batch = iter(items)
        return bool(items)

    def _call(self, function: Callable[[], Awaitable[V]]) -> V:
        """Cross over to the loop once; what interrupts this thread meanwhile, as Ctrl-C does, ends it all."""
        try:
            thread = loop_thread.loop_thread()
            if self._thread not in (None, thread):
                name = type(self).__name__
                raise ImagineException(f"this {name} was begun in another process, or its loop has ended: ask anew")
            self._thread = thread
            return thread.call(function)
        except ImagineException:
            raise
        except BaseException:
            self._give_up()
            raise

    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        """Refuse to be copied or pickled, as what it comes from does."""
        self._async.__reduce_ex__(protocol)

    def _give_up(self) -> None:
        """Drop it as is done where the task that reads is cancelled."""
        self._batch = iter(())
        give_up = self._async._give_up  # pyright: ignore[reportPrivateUsage] - the same, for code that awaits
        loop_thread.call_soon(partial(give_up, CancelledError()))
