"""What lives until it is closed: it hands over what is ready, is iterated, and may be left or closed at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from types import TracebackType
from typing import Generic, Never, Self, SupportsIndex, TypeVar

__all__ = ["AsyncLive"]

T = TypeVar("T")


class AsyncLive(Generic[T]):
    """Base of what is iterated in pieces; a class below says how it is read and how it is dropped.

    It has one reader at a time. What it hands over comes in lists, so that code that blocks crosses to the loop once
    for each.
    """

    _batch: Iterator[T] = iter(())
    """What was read and not yet iterated."""

    async def read(self) -> list[T]:
        """Return what is ready, and an empty list at the end; iterating is the same for most."""
        raise NotImplementedError

    def close(self) -> None:
        """Drop what is under way at once, from any task or thread; iterating just ends."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Drop what is under way at once, from any task; iterating just ends."""
        self.close()
        await asyncio.sleep(0)

    def _give_up(self, error: BaseException) -> None:
        """Drop it after a cancellation; who does come back is not to take that for the end."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, asyncio.CancelledError):
            self._give_up(asyncio.CancelledError())
        await self.aclose()

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        while True:
            for item in self._batch:  # a list iterator: a second loop goes on where the first was left
                yield item
            if not (items := await self.read()):
                return
            self._batch = iter(items)

    async def __anext__(self) -> T:
        for item in self._batch:
            return item
        self._batch = iter(await self.read())
        for item in self._batch:
            return item
        raise StopAsyncIteration

    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        """Refuse to be copied or pickled, with TypeError: a copy would close what the original still reads."""
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled, it is one connection: ask for another")
