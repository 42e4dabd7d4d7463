"""The queue for a client's slots: how many of its requests may be under way at once, and who goes next.

One queue for all its loops and threads. An `asyncio.Semaphore` belongs to one loop and a `CapacityLimiter` to one task,
but a stream's slot is freed from whatever task or thread closes it. Whoever may go goes; within a lane, and where a
declared quota is used up, who came first goes first.
"""

from __future__ import annotations

import asyncio
import contextvars
import heapq
import itertools
import math
import os
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from imagine._pacing.alarm import Alarm
from imagine._pacing.lanes import LaneKey, Lanes, title
from imagine._pacing.quotas import Quotas
from imagine._pacing.ticket import Ticket
from imagine.exceptions import ImagineQuotaException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imagine._pacing.clock import TimeLimit
    from imagine._pacing.throttle import Throttle
    from imagine.limits import LaneState, QuotaState, RateLimit

__all__ = ["NO_QUEUE", "Slot", "SlotQueue"]

UNTHROTTLED = LaneKey("")
"""Where those wait whom no lane holds back."""


class Slot(msgspec.Struct, eq=False):
    """One taken slot; `report` and `free` may be called twice and from any thread."""

    queue: SlotQueue | None
    """None once it is free."""
    ticket: Ticket
    since: float
    reported: bool = False
    """Whether the lane knows what came of the request."""

    def report(self, status: int | None, quota: Mapping[str, float], retry_after: float | None) -> None:
        """Let the lane know what came of the request; None: no answer."""
        if not self.reported and self.queue is not None:
            self.reported = True
            self.queue.report(self, status, quota, retry_after)

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
    ticket: Ticket

    @property
    def is_there(self) -> bool:
        """Whether somebody waits for it, in a loop that runs: another one would keep what it is given."""
        return not self.turn.done() and self.turn.get_loop().is_running()


class SlotQueue:
    """A queue for `limit` slots behind the lanes of the service and the quotas of the user."""

    def __init__(self, limit: int, limits: Sequence[RateLimit] = ()) -> None:
        self.limit = limit
        self.quotas = Quotas(limits) if limits else None
        self.lanes = Lanes()
        self._numbers = itertools.count()
        self._alarm = Alarm(self._admit_waiting)
        self._begin()
        _queues.add(self)

    def _begin(self) -> None:
        self.taken: set[Slot] = set()
        self._free = self.limit
        self._waiting: dict[LaneKey, list[_Waiter]] = {}  # a heap for each lane
        self._tickets: dict[asyncio.Future[None], Ticket] = {}  # of those who have not given up
        self._given_up = 0  # who may still stand in a heap
        self._admitting = self._admits_again = False
        self._standing: weakref.WeakSet[asyncio.AbstractEventLoop] = weakref.WeakSet()
        self._granted: dict[asyncio.Future[None], Ticket] = {}
        # Reentrant: a collected stream frees its slot from a finalizer, which may run anywhere, in here too.
        self._lock = threading.RLock()

    def abandon(self) -> None:
        """Begin anew in a forked child: what is under way is the parent's."""
        for slot in self.taken:
            slot.abandon()
        self._alarm = Alarm(self._admit_waiting)
        self.lanes.abandon()
        self._begin()

    @property
    def quota(self) -> tuple[QuotaState, ...]:
        """What is left of the declared quotas."""
        with self._lock:
            return self.quotas.state(time.monotonic()) if self.quotas else ()

    @property
    def state(self) -> tuple[LaneState, ...]:
        """The lanes that are closed, or that somebody waits in."""
        with self._lock:
            waiting = {key: len(heap) for key, heap in self._waiting.items() if key is not UNTHROTTLED}
            return self.lanes.state(time.monotonic(), waiting)

    def reopen(self) -> None:
        """Open all lanes."""
        with self._lock:
            self.lanes.reopen(time.monotonic())
        self._admit_waiting()

    def take(self, ticket: Ticket) -> Slot | None:
        """Take a slot if there is one and the request may leave at once."""
        with self._lock:
            if not self._free or self._tickets:
                return None
            now = time.monotonic()
            if (self.quotas is not None or self.lanes.throttles) and self._wait_of(ticket, now)[0]:
                return None
            self._leaves(ticket, now)
            return self._taken(ticket)

    async def wait(self, ticket: Ticket, deadline: TimeLimit, patience: float) -> Slot:
        """Take a slot once there is one and the request may leave.

        Raises ImagineTimeoutException when no slot got free for `patience` seconds, or at the deadline, and
        ImagineQuotaException when a lane is closed, or a quota used up, for longer than the ticket waits.
        """
        while True:
            turn = self._enqueue(ticket)
            self._admit_waiting()
            await self._wait(turn, ticket, deadline, patience)
            with self._lock:
                if self._granted.pop(turn, None) is not None:
                    return self._taken(ticket)
            # Its loop stood still between the grant and now, and another one was given the slot: once more.

    def _enqueue(self, ticket: Ticket) -> asyncio.Future[None]:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._tickets[turn] = ticket
            self._push(_Waiter(ticket.since, next(self._numbers), turn, ticket))
        return turn

    def _taken(self, ticket: Ticket) -> Slot:
        slot = Slot(self, ticket, time.monotonic())
        self.taken.add(slot)
        return slot

    def charge_tokens(self, ticket: Ticket, tokens: int) -> None:
        """Charge what an answer cost beyond the estimate."""
        if self.quotas is not None:
            with self._lock:
                self.quotas.charge_tokens(time.monotonic(), ticket, tokens)

    def report(self, slot: Slot, status: int | None, quota: Mapping[str, float], retry_after: float | None) -> None:
        """Let the lane know what came of a request."""
        now, ticket = time.monotonic(), slot.ticket
        with self._lock:
            if self.quotas is not None:
                self.quotas.arrived(now, ticket)
            self.lanes.record(now, ticket.lane, status, quota, retry_after, slot.since)
            if not self._tickets:
                return
        self._admit_waiting()

    def release(self, slot: Slot) -> None:
        """Take a slot back."""
        with self._lock:
            self.taken.discard(slot)
            self._free += 1
            if not self._tickets:
                return
        self._admit_waiting()

    def _wait_of(self, ticket: Ticket, now: float) -> tuple[float, bool]:
        """Return the seconds until a request may leave, and whether it is a declared quota that says so."""
        throttle = self._throttle_of(ticket)
        paced = throttle.wait(now) if throttle else 0.0
        if paced or self.quotas is None:
            return paced, False
        return self.quotas.wait(now, ticket), True

    def _throttle_of(self, ticket: Ticket) -> Throttle | None:
        return self.lanes.throttle(ticket.lane) if ticket.is_throttled else None

    def _leaves(self, ticket: Ticket, now: float) -> None:
        self._free -= 1
        self.lanes.sent(now, ticket.lane)
        if self.quotas is not None:
            self.quotas.leaves(now, ticket)

    def _admit_waiting(self) -> None:
        """Let out whoever may leave, and look again when the next one may."""
        with self._lock:
            self._admits_again = True
            if self._admitting:  # a finalizer that frees a slot may run in the middle of this, too
                return
            self._admitting = True
            try:
                while self._admits_again:
                    self._admits_again = False
                    self._admit()
            finally:
                self._admitting = False

    def _admit(self) -> None:
        if not self._free:
            self._reclaim()
        now = time.monotonic()
        absent: list[_Waiter] = []
        heads = [waiter for key in list(self._waiting) if (waiter := self._first(key, absent))]
        heapq.heapify(heads)
        blocked: list[Ticket] = []
        while heads and self._free:
            waiter = heapq.heappop(heads)
            if not self._stays(waiter, now, blocked) and (following := self._first(_lane_of(waiter.ticket), absent)):
                heapq.heappush(heads, following)
        for waiter in absent:
            self._push(waiter)
            self._admit_once_it_runs(waiter.turn.get_loop())

    def _admit_once_it_runs(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look again as soon as a loop that stands goes on; it is asked once, however often it was passed by."""
        if loop not in self._standing:
            self._standing.add(loop)
            with suppress(RuntimeError):  # it was closed
                loop.call_soon_threadsafe(self._runs_again, loop, context=contextvars.Context())

    def _runs_again(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            self._standing.discard(loop)
        self._admit_waiting()

    def _stays(self, waiter: _Waiter, now: float, blocked: list[Ticket]) -> bool:
        """Grant a slot or refuse it; tell whether the waiter stays, and all behind it in its lane.

        Nobody passes by those who are blocked by a quota that counts them, too: small requests would starve large ones.
        """
        ticket = waiter.ticket
        if self.quotas and any(self.quotas.share_a_window(ticket, before) for before in blocked):
            return True
        wait, by_quota = self._wait_of(ticket, now)
        if not wait:
            self._dequeue(waiter)
            self._grant(waiter.turn, ticket, now)
            return False
        if error := self._refusal(ticket, wait, by_quota, now):
            self._dequeue(waiter)
            _wake(waiter.turn, error)
            return False
        if by_quota:
            blocked.append(ticket)
        self._alarm.set(now + wait, waiter.turn.get_loop())
        return True

    def _first(self, key: LaneKey, absent: list[_Waiter]) -> _Waiter | None:
        """Return who is first in a lane; those whose loop does not run are taken out, to come back behind."""
        heap = self._waiting.get(key, [])
        while heap:
            waiter = heap[0]
            if waiter.turn in self._tickets and waiter.is_there:
                return waiter
            heapq.heappop(heap)
            if waiter.turn in self._tickets and not waiter.turn.get_loop().is_closed():
                absent.append(waiter)
            else:
                self._tickets.pop(waiter.turn, None)
        self._waiting.pop(key, None)
        return None

    def _push(self, waiter: _Waiter) -> None:
        heapq.heappush(self._waiting.setdefault(_lane_of(waiter.ticket), []), waiter)

    def _dequeue(self, waiter: _Waiter) -> None:
        heapq.heappop(self._waiting[_lane_of(waiter.ticket)])
        self._tickets.pop(waiter.turn)

    def _grant(self, turn: asyncio.Future[None], ticket: Ticket, now: float) -> None:
        self._leaves(ticket, now)
        self._granted[turn] = ticket
        if not _wake(turn, None):  # its loop was closed: nobody waits there any more
            self._revoke(turn)

    def _reclaim(self) -> None:
        """Take back what was granted to calls whose loop has stopped meanwhile."""
        for turn in [turn for turn in self._granted if not turn.get_loop().is_running()]:
            self._revoke(turn)

    def _revoke(self, turn: asyncio.Future[None]) -> None:
        """Undo what was granted to one who does not take it."""
        ticket = self._granted.pop(turn, None)
        if ticket is not None:
            self._free += 1
            self.lanes.revoked(time.monotonic(), ticket.lane)
            if self.quotas is not None:
                self.quotas.refund(ticket)

    def _refusal(self, ticket: Ticket, wait: float, by_quota: bool, now: float) -> ImagineQuotaException | None:
        """Return the error of one who does not wait for that long; None for one who waits."""
        throttle = self._throttle_of(ticket)
        if by_quota or throttle is None:
            why, wait_for, least = "the declared quota is used up", wait, wait
        else:
            why = throttle.why(title(ticket.lane))
            wait_for, least = throttle.blocked_for(now), throttle.reported_wait(now)
        if wait_for == math.inf:
            return ImagineQuotaException(f"{ticket.doing} was not sent: the request is larger than the quota")
        if ticket.waits or not wait_for:
            if least <= ticket.longest_wait:
                return None
            why += f", for longer than retry_budget={ticket.longest_wait:g} s"
        return ImagineQuotaException(f"{ticket.doing} was not sent: {why}; again in {wait_for:.1f} s", wait_for)

    async def _wait(self, turn: asyncio.Future[None], ticket: Ticket, deadline: TimeLimit, patience: float) -> None:
        began = time.monotonic()
        try:
            while not turn.done():
                limit = deadline.or_earlier("slot_timeout", patience)
                await asyncio.wait({turn}, timeout=limit.remaining())
                if not turn.done():
                    self._check_patience(limit, ticket, began)
                    self._admit_waiting()  # the loop that had the alarm may have stopped
            turn.result()
        except BaseException:
            self._leave(turn)
            raise

    def _check_patience(self, limit: TimeLimit, ticket: Ticket, began: float) -> None:
        """Raise when a wait has been too long; for `slot_timeout`, not while a lane is closed or lets others go."""
        if limit.name == "deadline":
            raise limit.exceeded(f"before {ticket.doing} was sent")
        if not self._free:
            raise limit.exceeded(self._occupied())
        now, throttle = time.monotonic(), self._throttle_of(ticket)
        if throttle and not throttle.blocked_for(now) and now - max(began, throttle.last_sent) >= limit.seconds:
            raise limit.exceeded(
                f"before {ticket.doing} was sent: {throttle.why(title(ticket.lane))}, and none has left"
            )
        if self.quotas and now - began > ticket.longest_wait:
            raise ImagineQuotaException(
                f"{ticket.doing} was not sent: others before it waited for the declared quota for {now - began:.0f} s, "
                f"longer than retry_budget={ticket.longest_wait:g} s"
            )

    def _leave(self, turn: asyncio.Future[None]) -> None:
        """Leave the queue; a slot that was granted in the same moment goes to the next."""
        with self._lock:
            turn.cancel()
            if self._tickets.pop(turn, None) is not None:
                self._given_up += 1
                self._forget_given_up()
            self._revoke(turn)
        self._admit_waiting()

    def _forget_given_up(self) -> None:
        """Rebuild the heaps once most of what they hold has left."""
        if self._given_up <= len(self._tickets) + 16:
            return
        self._given_up = 0
        waiters = [waiter for heap in self._waiting.values() for waiter in heap if waiter.turn in self._tickets]
        self._waiting.clear()
        for waiter in waiters:
            self._push(waiter)

    def _occupied(self) -> str:
        now = time.monotonic()
        held = sorted(self.taken, key=lambda slot: slot.since)
        shown = ", ".join(f"{slot.ticket.doing} for {now - slot.since:.1f} s" for slot in held[:5])
        return (
            f"waiting for a slot; {len(held)} of {self.limit} are taken, longest: {shown}. "
            "Close streams that are not read to their end, or raise max_concurrent_requests"
        )


class NoQueue(SlotQueue):
    """Lets everybody go at once, without a slot and whatever the lanes and quotas of a client say."""

    def take(self, ticket: Ticket) -> Slot:
        """Return a slot that takes no other's place."""
        return Slot(None, ticket, time.monotonic())


NO_QUEUE = NoQueue(1)


def _lane_of(ticket: Ticket) -> LaneKey:
    return ticket.lane if ticket.is_throttled else UNTHROTTLED


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
