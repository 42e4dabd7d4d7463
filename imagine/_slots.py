"""The slots of one client: how many of its requests may be under way at once, over all its loops and threads.

An `asyncio.Semaphore` belongs to one loop and a `CapacityLimiter` to one task; a client has many loops, and a stream's
slot is freed from whatever task or thread closes it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagine._clock import Limit

__all__ = ["Slot", "Slots"]


class Slot:
    """One taken slot; `free()` may be called twice and from any thread."""

    __slots__ = ("_slots", "label", "since")

    def __init__(self, slots: Slots, label: str) -> None:
        self._slots: Slots | None = slots
        self.label = label
        self.since = time.monotonic()

    def free(self) -> None:
        """Give the slot back."""
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.release(self)


class Slots:
    """A fair queue for `limit` slots: who came first goes first."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken: set[Slot] = set()
        self._free = limit
        self._waiters: deque[asyncio.Future[None]] = deque()
        # Reentrant: a collected stream frees its slot from a finalizer, which may run anywhere, in here too.
        self._lock = threading.RLock()

    async def take(self, label: str, limit: Limit) -> Slot:
        """Take a slot, waiting until `limit`; ImagineTimeoutException tells who holds them."""
        turn = self._queue()
        if turn is not None:
            await self._wait(turn, limit)
        slot = Slot(self, label)
        self.taken.add(slot)
        return slot

    def release(self, slot: Slot) -> None:
        """Take a slot back and hand it to who waits longest."""
        self.taken.discard(slot)
        self._hand_on()

    def _queue(self) -> asyncio.Future[None] | None:
        with self._lock:
            if self._free and not self._waiters:
                self._free -= 1
                return None
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(turn)
            return turn

    async def _wait(self, turn: asyncio.Future[None], limit: Limit) -> None:
        try:
            async with asyncio.timeout_at(limit.when):
                await turn
        except TimeoutError as error:
            self._give_up(turn)
            raise limit.exceeded(self._occupied()) from error
        except BaseException:
            self._give_up(turn)
            raise

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        with self._lock:
            if turn in self._waiters:
                self._waiters.remove(turn)
                return
        self._hand_on()

    def _hand_on(self) -> None:
        with self._lock:
            while self._waiters:
                turn = self._waiters.popleft()
                try:
                    turn.get_loop().call_soon_threadsafe(_start, turn)
                except RuntimeError:  # its loop was closed: nobody waits there any more
                    continue
                return
            self._free += 1

    def _occupied(self) -> str:
        now = time.monotonic()
        held = sorted(self.taken, key=lambda slot: slot.since)
        shown = ", ".join(f"{slot.label} for {now - slot.since:.1f} s" for slot in held[:5])
        return (
            f"waiting for a slot; {len(held)} of {self.limit} are taken, longest: {shown}. "
            "Close streams that are not read to their end, or raise max_concurrent_requests"
        )


def _start(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
