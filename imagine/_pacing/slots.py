"""The queue for a client's slots: how many of its requests may be under way at once, and who goes next.

One queue for all its loops and threads. An `asyncio.Semaphore` belongs to one loop and a `CapacityLimiter` to one task,
but a stream's slot is freed from whatever task or thread closes it.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from imagine._pacing.ticket import Ticket
from imagine.exceptions import ImagineQuotaException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagine._pacing.clock import TimeLimit
    from imagine._pacing.gate import Gate
    from imagine.limits import QuotaState

__all__ = ["Slot", "SlotQueue"]


class Slot(msgspec.Struct, eq=False):
    """One taken slot; `report` and `free` may be called twice and from any thread."""

    queue: SlotQueue | None
    """None once it is free."""
    ticket: Ticket
    since: float
    reported: bool = False
    """Whether the gate knows what came of the request."""

    def report(self, status: int | None, quota: Mapping[str, float], retry_after: float | None) -> None:
        """Let the gate know what came of the request; None: no answer."""
        if not self.reported and self.queue is not None:
            self.reported = True
            self.queue.report(self.ticket, status, quota, retry_after)

    def free(self) -> None:
        """Give the slot back."""
        if not self.reported:
            self.report(None, {}, None)
        queue, self.queue = self.queue, None
        if queue is not None:
            queue.release(self)

    def abandon(self) -> None:
        """Have no slot any more, in a forked child."""
        self.queue = None


_queues: weakref.WeakSet[SlotQueue] = weakref.WeakSet()


class _Waiter(NamedTuple):
    since: float
    number: int
    turn: asyncio.Future[None]


class SlotQueue:
    """A queue for `limit` slots, in the order in which calls began, behind a gate."""

    def __init__(self, limit: int, gate: Gate) -> None:
        self.limit = limit
        self.gate = gate
        self.counts_tokens = gate.quotas is not None
        """Whether quotas were declared."""
        self._numbers = itertools.count()
        self._begin()
        _queues.add(self)

    def _begin(self) -> None:
        self.taken: set[Slot] = set()
        self._free = self.limit
        self._unanswered = 0
        self._waiters: list[_Waiter] = []
        self._tickets: dict[asyncio.Future[None], Ticket] = {}  # of those who have not given up
        self._granted: dict[asyncio.Future[None], Ticket] = {}
        # Reentrant: a collected stream frees its slot from a finalizer, which may run anywhere, in here too.
        self._lock = threading.RLock()

    def abandon(self) -> None:
        """Begin anew in a forked child: what is under way is the parent's."""
        for slot in self.taken:
            slot.abandon()
        self._begin()

    @property
    def quota(self) -> tuple[QuotaState, ...]:
        """What is left of the declared quotas."""
        with self._lock:
            return self.gate.state(time.monotonic())

    def take(self, ticket: Ticket) -> Slot | None:
        """Take a slot if there is one and the gate lets the request out at once."""
        with self._lock:
            if not self._free or self._waiters:
                return None
            if not self.gate.unlimited and self.gate.wait(time.monotonic(), self._unanswered, ticket)[0]:
                return None
            self._free -= 1
            self._unanswered += 1
            return self._taken(ticket)

    async def wait(self, ticket: Ticket, deadline: TimeLimit, patience: float) -> Slot:
        """Take a slot once there is one and the gate lets the request out.

        Raises ImagineTimeoutException when no slot got free for `patience` seconds, or at the deadline, and
        ImagineQuotaException when the gate is closed for longer than the ticket waits.
        """
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._tickets[turn] = ticket
            heapq.heappush(self._waiters, _Waiter(ticket.since, next(self._numbers), turn))
        self._admit_waiting()
        await self._wait(turn, ticket, deadline, patience)
        return self._taken(ticket)

    def _taken(self, ticket: Ticket) -> Slot:
        slot = Slot(self, ticket, time.monotonic())
        self.taken.add(slot)
        return slot

    def charge_tokens(self, tokens: int) -> None:
        """Charge what an answer cost beyond the estimate."""
        if self.gate.quotas is not None:
            with self._lock:
                self.gate.quotas.charge_tokens(time.monotonic(), tokens)

    def report(self, ticket: Ticket, status: int | None, quota: Mapping[str, float], retry_after: float | None) -> None:
        """Let the gate know what came of a request."""
        with self._lock:
            self._unanswered -= 1
            self.gate.record(time.monotonic(), ticket, status, quota, retry_after, self._unanswered)
            wanted = bool(self._waiters)
        if wanted:
            self._admit_waiting()

    def release(self, slot: Slot) -> None:
        """Take a slot back."""
        with self._lock:
            self.taken.discard(slot)
            self._free += 1
            wanted = bool(self._waiters)
        if wanted:
            self._admit_waiting()

    def _admit_waiting(self) -> None:
        """Let out whoever may leave, first come first served, and look again when the next one may."""
        with self._lock:
            while self._waiters and self._free:
                waiter = heapq.heappop(self._waiters)  # out while it is looked at: a finalizer may come in here
                ticket = self._tickets.pop(waiter.turn, None)
                if ticket is None or waiter.turn.done() or waiter.turn.get_loop().is_closed():
                    continue
                wait, declared = self.gate.wait(time.monotonic(), self._unanswered, ticket)
                if not wait:
                    self._grant(waiter.turn, ticket)
                elif not self._refuses(waiter.turn, ticket, wait, declared):
                    self._tickets[waiter.turn] = ticket
                    heapq.heappush(self._waiters, waiter)
                    if self._wake_later(waiter, wait):
                        return

    def _grant(self, turn: asyncio.Future[None], ticket: Ticket) -> None:
        self._free -= 1
        self._unanswered += 1
        self._granted[turn] = ticket
        if not _wake(turn, None):  # its loop was closed: nobody waits there any more
            self._revoke(turn)

    def _revoke(self, turn: asyncio.Future[None]) -> None:
        """Undo what was granted to one who does not take it."""
        ticket = self._granted.pop(turn, None)
        if ticket is not None:
            self._free += 1
            self._unanswered -= 1
            self.gate.refund(ticket)

    def _refuses(self, turn: asyncio.Future[None], ticket: Ticket, wait: float, declared: bool) -> bool:
        if wait < math.inf and not ticket.waits:
            why = "the declared quota is used up" if declared else "the service has answered 429"
        elif wait > ticket.longest_wait and (declared or wait < math.inf):
            why = f"the quota is used up for longer than retry_budget={ticket.longest_wait:g} s"
        else:
            return False
        again = f"; again in {wait:.1f} s" if wait < math.inf else ": the request is larger than the quota"
        error = ImagineQuotaException(f"{ticket.doing} was not sent: {why}{again}", None if wait == math.inf else wait)
        _wake(turn, error)
        return True

    def _wake_later(self, waiter: _Waiter, wait: float) -> bool:
        """Look again after a wait; False where the waiter's loop is closed."""
        if wait < math.inf:
            loop = waiter.turn.get_loop()
            try:
                loop.call_soon_threadsafe(loop.call_later, wait, self._admit_waiting)
            except RuntimeError:
                return False
        return True

    async def _wait(self, turn: asyncio.Future[None], ticket: Ticket, deadline: TimeLimit, patience: float) -> None:
        began = time.monotonic()
        try:
            while not turn.done():
                limit = deadline.or_earlier("slot_timeout", patience)
                await asyncio.wait({turn}, timeout=limit.remaining())
                if not turn.done():
                    self._check_patience(limit, ticket, time.monotonic() - began)
            turn.result()
        except BaseException:
            self._leave(turn)
            raise
        self._granted.pop(turn, None)

    def _check_patience(self, limit: TimeLimit, ticket: Ticket, waited: float) -> None:
        """Raise when a wait has been too long; `slot_timeout` does not count while it is the gate that is closed."""
        if limit.name == "deadline":
            raise limit.exceeded(f"before {ticket.doing} was sent")
        if not self._free:
            raise limit.exceeded(self._occupied())
        if waited > ticket.longest_wait:
            raise ImagineQuotaException(
                f"{ticket.doing} was not sent: others before it waited for the quota for {waited:.0f} s, longer than "
                f"retry_budget={ticket.longest_wait:g} s"
            )

    def _leave(self, turn: asyncio.Future[None]) -> None:
        """Leave the queue; a slot that was granted in the same moment goes to the next."""
        with self._lock:
            turn.cancel()
            self._tickets.pop(turn, None)
            self._revoke(turn)
        self._admit_waiting()

    def _occupied(self) -> str:
        now = time.monotonic()
        held = sorted(self.taken, key=lambda slot: slot.since)
        shown = ", ".join(f"{slot.ticket.doing} for {now - slot.since:.1f} s" for slot in held[:5])
        return (
            f"waiting for a slot; {len(held)} of {self.limit} are taken, longest: {shown}. "
            "Close streams that are not read to their end, or raise max_concurrent_requests"
        )


def _wake(turn: asyncio.Future[None], error: Exception | None) -> bool:
    """End a wait in its own loop; False where that is closed."""
    try:
        turn.get_loop().call_soon_threadsafe(_resolve, turn, error)
    except RuntimeError:
        return False
    return True


def _resolve(turn: asyncio.Future[None], error: Exception | None) -> None:
    if turn.done():
        return
    if error is None:
        turn.set_result(None)
    else:
        turn.set_exception(error)


def _after_fork() -> None:
    for queue in _queues:
        queue.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
