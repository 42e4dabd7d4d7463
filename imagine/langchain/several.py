"""Several calls for one: some of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

__all__ = ["each"]

T = TypeVar("T")
R = TypeVar("R")

_AT_ONCE = 8
"""Fewer than a client has slots: who waits for one longer than `slot_timeout` fails."""


async def each(ask: Callable[[T], Awaitable[R]], items: Sequence[T]) -> list[R]:
    """Ask for each item and return the answers in their order; the first failure ends the others and is raised."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(item: T) -> R:
        async with free:
            return await ask(item)

    tasks = [asyncio.ensure_future(one(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
