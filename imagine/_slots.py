"""The way out of one client: how many of its requests may be under way at once, and who goes next.

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

from imagine.exceptions import ImagineQuotaException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagine._clock import Limit
    from imagine._gate import Gate, QuotaState

__all__ = ["Slot", "Slots", "Ticket"]


class Ticket:
    """What a request waits with; each call has one, for all its attempts."""

    def __init__(
        self,
        label: str,
        since: float,
        *,
        tokens: int = 0,
        longest_wait: float = math.inf,
        waits: bool = True,
        heeds_pace: bool = True,
    ) -> None:
        self.label = label
        self.since = since
        """When its call began: who came first goes first, also after a retry."""
        self.tokens = tokens
        """What it is estimated to cost."""
        self.longest_wait = longest_wait
        """Seconds it may wait for the service's pace or a declared quota."""
        self.waits = waits
        """Whether it waits for a quota at all, or fails at once."""
        self.heeds_pace = heeds_pace
        """Whether it stays behind a gate that another request's 429 has closed."""


class Slot:
    """One taken slot; `answered` and `free` may be called twice and from any thread."""

    __slots__ = ("_answered", "_slots", "since", "ticket")

    def __init__(self, slots: Slots, ticket: Ticket) -> None:
        self._slots: Slots | None = slots
        self._answered = False
        self.ticket = ticket
        self.since = time.monotonic()

    def answered(self, status: int | None, told: Mapping[str, float], demanded: float | None) -> None:
        """Let the gate know what came of the request; None: no answer."""
        if not self._answered and self._slots is not None:
            self._answered = True
            self._slots.answered(self.ticket, status, told, demanded)

    def free(self) -> None:
        """Give the slot back."""
        self.answered(None, {}, None)
        slots, self._slots = self._slots, None
        if slots is not None:
            slots.release(self)

    def abandon(self) -> None:
        """Have no slot any more, in a forked child."""
        self._slots = None


_all_slots: weakref.WeakSet[Slots] = weakref.WeakSet()


class _Waiter(NamedTuple):
    since: float
    number: int
    turn: asyncio.Future[None]
    ticket: Ticket


class Slots:
    """A queue for `limit` slots, in the order in which calls began, behind a gate."""

    def __init__(self, limit: int, gate: Gate) -> None:
        self.limit = limit
        self.gate = gate
        self._numbers = itertools.count()
        self._begin()
        _all_slots.add(self)

    def _begin(self) -> None:
        self.taken: set[Slot] = set()
        self._free = self.limit
        self._unanswered = 0
        self._waiters: list[_Waiter] = []
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

    async def take(self, ticket: Ticket, deadline: Limit, patience: float) -> Slot:
        """Take a slot once there is one and the gate lets the request out.

        Raises ImagineTimeoutException when no slot got free for `patience` seconds, or at the deadline, and
        ImagineQuotaException when the gate is closed for longer than the ticket waits.
        """
        turn = self._queue(ticket)
        if turn is not None:
            await self._wait(turn, ticket, deadline, patience)
        slot = Slot(self, ticket)
        self.taken.add(slot)
        return slot

    @property
    def counts_tokens(self) -> bool:
        """Whether quotas were declared."""
        return self.gate.quotas is not None

    def charge_tokens(self, tokens: int) -> None:
        """Charge what an answer cost beyond the estimate."""
        if self.gate.quotas is not None:
            with self._lock:
                self.gate.quotas.charge_tokens(time.monotonic(), tokens)

    def answered(self, ticket: Ticket, status: int | None, told: Mapping[str, float], demanded: float | None) -> None:
        """Let the gate know what came of a request."""
        with self._lock:
            self._unanswered -= 1
            self.gate.answered(time.monotonic(), ticket, status, told, demanded, self._unanswered)
        self._let_out()

    def release(self, slot: Slot) -> None:
        """Take a slot back."""
        with self._lock:
            self.taken.discard(slot)
            self._free += 1
        self._let_out()

    def _queue(self, ticket: Ticket) -> asyncio.Future[None] | None:
        with self._lock:
            if self._free and not self._waiters and not self._ask_gate(ticket)[0]:
                return None
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._waiters, _Waiter(ticket.since, next(self._numbers), turn, ticket))
        self._let_out()
        return turn

    def _ask_gate(self, ticket: Ticket) -> tuple[float, bool]:
        """Ask whether a request may leave now; take its slot if so."""
        wait, declared = self.gate.wait(time.monotonic(), self._unanswered, ticket)
        if not wait:
            self.gate.leave()
            self._free -= 1
            self._unanswered += 1
        return wait, declared

    def _let_out(self) -> None:
        """Let out whoever may leave, first come first served, and come back when the next one may."""
        with self._lock:
            while self._waiters and self._free:
                waiter = heapq.heappop(self._waiters)  # out while it is looked at: a finalizer may come in here
                if waiter.turn.done() or waiter.turn.get_loop().is_closed():
                    continue
                wait, declared = self._ask_gate(waiter.ticket)
                if not wait:
                    self._grant(waiter)
                elif not self._refuses(waiter, wait, declared):
                    heapq.heappush(self._waiters, waiter)
                    if self._come_back(waiter, wait):
                        return

    def _grant(self, waiter: _Waiter) -> None:
        self._granted[waiter.turn] = waiter.ticket
        if not _wake(waiter.turn, None):  # its loop was closed: nobody waits there any more
            self._take_back(waiter.turn)

    def _take_back(self, turn: asyncio.Future[None]) -> None:
        """Undo what was granted to one who does not take it."""
        ticket = self._granted.pop(turn, None)
        if ticket is not None:
            self._free += 1
            self._unanswered -= 1
            self.gate.refund(ticket)

    def _refuses(self, waiter: _Waiter, wait: float, declared: bool) -> bool:
        ticket = waiter.ticket
        if wait < math.inf and not ticket.waits:
            why = "the declared quota is used up" if declared else "the service has answered 429"
        elif wait > ticket.longest_wait and (declared or wait < math.inf):
            why = f"the quota is used up for longer than retry_budget={ticket.longest_wait:g} s"
        else:
            return False
        again = f"; again in {wait:.1f} s" if wait < math.inf else ": the request is larger than the quota"
        error = ImagineQuotaException(f"{ticket.label} was not sent: {why}{again}", None if wait == math.inf else wait)
        _wake(waiter.turn, error)
        return True

    def _come_back(self, waiter: _Waiter, wait: float) -> bool:
        """Look again after a wait; False where the waiter's loop is closed."""
        if wait < math.inf:
            loop = waiter.turn.get_loop()
            try:
                loop.call_soon_threadsafe(loop.call_later, wait, self._let_out)
            except RuntimeError:
                return False
        return True

    async def _wait(self, turn: asyncio.Future[None], ticket: Ticket, deadline: Limit, patience: float) -> None:
        began = time.monotonic()
        try:
            while not turn.done():
                limit = deadline.or_earlier("slot_timeout", patience)
                await asyncio.wait({turn}, timeout=limit.remaining())
                if not turn.done():
                    self._check_patience(limit, ticket, time.monotonic() - began)
            turn.result()
        except BaseException:
            self._give_up(turn)
            raise
        self._granted.pop(turn, None)

    def _check_patience(self, limit: Limit, ticket: Ticket, waited: float) -> None:
        """Raise when a wait has been too long; `slot_timeout` does not count while it is the gate that is closed."""
        if limit.name == "deadline":
            raise limit.exceeded(f"before {ticket.label} was sent")
        if not self._free:
            raise limit.exceeded(self._occupied())
        if waited > ticket.longest_wait:
            raise ImagineQuotaException(
                f"{ticket.label} was not sent: others before it waited for the quota for {waited:.0f} s, longer than "
                f"retry_budget={ticket.longest_wait:g} s"
            )

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Leave the queue; a slot that was granted in the same moment goes to the next."""
        with self._lock:
            turn.cancel()
            self._take_back(turn)
        self._let_out()

    def _occupied(self) -> str:
        now = time.monotonic()
        held = sorted(self.taken, key=lambda slot: slot.since)
        shown = ", ".join(f"{slot.ticket.label} for {now - slot.since:.1f} s" for slot in held[:5])
        return (
            f"waiting for a slot; {len(held)} of {self.limit} are taken, longest: {shown}. "
            "Close streams that are not read to their end, or raise max_concurrent_requests"
        )


def _wake(turn: asyncio.Future[None], error: Exception | None) -> bool:
    """End a wait in its own loop; False where that is closed."""
    try:
        turn.get_loop().call_soon_threadsafe(_settle, turn, error)
    except RuntimeError:
        return False
    return True


def _settle(turn: asyncio.Future[None], error: Exception | None) -> None:
    if turn.done():
        return
    if error is None:
        turn.set_result(None)
    else:
        turn.set_exception(error)


def _after_fork() -> None:
    for slots in _all_slots:
        slots.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
