"""Clocks: which time limit runs now, and the exception that names it when it is hit.

An attempt has a `Clock`, a stream after its first event an `EventClock`; one `Watchdog` for each loop checks them all.
"""

from __future__ import annotations

import asyncio
import contextvars
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import msgspec

from imagine.exceptions import ImagineTimeoutException

if TYPE_CHECKING:
    from types import TracebackType

    from imagine.limits import Timeout

__all__ = ["NO_DEADLINE", "Clock", "EventClock", "TimeLimit", "Watchdog"]

STALL = 0.05
"""Seconds by which a timer is late only if the loop was blocked; then what came meanwhile is looked at first."""


class TimeLimit(NamedTuple):
    """A time limit that is running."""

    name: str
    seconds: float
    expires: float
    """The loop's time at which it is hit; `math.inf` for never."""

    @classmethod
    def starting(cls, name: str, seconds: float) -> TimeLimit:
        """Start a limit now."""
        return cls(name, seconds, asyncio.get_running_loop().time() + seconds)

    def or_earlier(self, name: str, seconds: float) -> TimeLimit:
        """Return this limit, or one that starts now where that comes first."""
        return min(self, TimeLimit.starting(name, seconds), key=_expires)

    def remaining(self) -> float | None:
        """Return the seconds that are left; None for endless."""
        return None if self.expires == math.inf else max(0.0, self.expires - asyncio.get_running_loop().time())

    def exceeded(self, doing: str) -> ImagineTimeoutException:
        """Return the exception for this limit."""
        return ImagineTimeoutException(f"{self.name}={self.seconds:g} s was hit {doing}", self.name, self.seconds)


NO_DEADLINE = TimeLimit("deadline", math.inf, math.inf)


class Watched(Protocol):
    """What has a time limit."""

    def check(self, now: float) -> float:
        """Act if the time has come; return the loop's time at which to check again, `math.inf` for never."""
        ...


class Timed(Protocol):
    """What a clock is for: a call and its limits."""

    timeout: Timeout
    deadline: TimeLimit

    @property
    def doing(self) -> str:
        """The call in words, for messages."""
        ...


class _Running(Protocol):
    """A limit that runs."""

    expires: float
    grace_until: float


def _is_over(limit: _Running, now: float) -> bool:
    """Tell whether the time is up, but for a grace: after the loop was blocked, what came meanwhile is taken first."""
    if now < limit.expires:
        limit.grace_until = 0.0
        return False
    if now > limit.expires + STALL and not limit.grace_until:
        limit.grace_until = now + STALL
    return now >= limit.grace_until


class Watchdog:
    """One timer for all time limits of a loop: a limit that starts costs a comparison, not a timer of its own."""

    __slots__ = ("_context", "_timer", "_watched", "add", "discard", "due", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._watched: set[Watched] = set()
        self.add = self._watched.add
        self.discard = self._watched.discard
        self.due = math.inf
        """The loop's time at which it checks next."""
        self._timer: asyncio.TimerHandle | None = None
        self._context = contextvars.Context()  # not that of a call, which the timer would keep alive

    def expect(self, expires: float) -> None:
        """See to it that the watched are checked by then."""
        if expires < self.due:
            self.due = expires
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self.loop.call_at(expires, self._check, context=self._context)

    def stop(self) -> None:
        """Check no more, unless something is watched still: that keeps its limits to its end."""
        if self._timer is not None and not self._watched:
            self._timer.cancel()
            self._timer, self.due = None, math.inf

    def _check(self) -> None:
        self._timer, self.due = None, math.inf
        now = self.loop.time()
        self.expect(min((watched.check(now) for watched in list(self._watched)), default=math.inf))


class Clock(msgspec.Struct, eq=False):
    """Runs the limits of one attempt one after the other, under the deadline of the whole call.

    Entered and left in one task, around one attempt; `start` says which part runs from now on. A limit that is hit
    cancels the task, as `asyncio.timeout` does.
    """

    call: Timed
    watchdog: Watchdog
    deadline: float
    part: str = "deadline"
    expires: float = math.inf
    """The loop's time at which the limit is hit that runs now."""
    grace_until: float = 0.0
    """Once the loop was blocked beyond that; else 0."""
    task: asyncio.Task[object] | None = None
    cancelling: int = 0
    hit: TimeLimit | None = None

    def start(self, part: str) -> None:
        """Start one part of the timeout anew."""
        expires = self.watchdog.loop.time() + getattr(self.call.timeout, part)
        self.part, self.grace_until = part, 0.0
        self.expires = expires = expires if expires < self.deadline else self.deadline
        if expires < self.watchdog.due:
            self.watchdog.expect(expires)

    def until(self, part: str, expires: float) -> None:
        """Run one part to a point in time, or to the deadline where that comes first."""
        self.part, self.expires, self.grace_until = part, min(expires, self.deadline), 0.0
        self.watchdog.expect(self.expires)

    def only_deadline(self) -> None:
        """Run no part any more."""
        self.until("deadline", math.inf)

    def __enter__(self) -> Self:
        self.task = asyncio.current_task(self.watchdog.loop)
        self.cancelling = self.task.cancelling() if self.task else 0
        self.watchdog.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watchdog.discard(self)
        if self.hit is not None and self.task is not None:
            own = self.task.uncancel() <= self.cancelling  # and nobody else cancels the task at the same time
            if own and kind is asyncio.CancelledError:
                raise self.hit.exceeded(f"on {self.call.doing}") from error

    def check(self, now: float) -> float:
        """Cancel the task if the limit is hit."""
        if self.hit is not None:
            return math.inf
        if not _is_over(self, now):
            return max(self.expires, self.grace_until)
        self.hit = self._limit()
        if self.task is not None:
            self.task.cancel()
        return math.inf

    def _limit(self) -> TimeLimit:
        if self.expires == self.deadline:
            return self.call.deadline
        return TimeLimit(self.part, getattr(self.call.timeout, self.part), self.expires)


class EventClock(msgspec.Struct, eq=False):
    """Runs the time between the events of a stream while its reader waits for one, under the deadline of the call.

    A time stamp for each wait; no scope and no timer. What the reader sets back is `is_waiting`.
    """

    loop: asyncio.AbstractEventLoop
    between_events: float
    deadline: TimeLimit = NO_DEADLINE
    """Of the call; not set while the clock of the attempt runs, which has it, too."""
    is_waiting: bool = False
    expires: float = math.inf
    """The loop's time at which the wait that runs has been too long."""
    grace_until: float = 0.0
    """Once the loop was blocked beyond that; else 0."""

    def start(self) -> None:
        """Begin a wait, which reads without an event do not end; ImagineTimeoutException after the deadline."""
        now = self.loop.time()
        expires, deadline = now + self.between_events, self.deadline.expires
        if deadline <= expires:
            if deadline <= now:
                raise self.deadline.exceeded("in the middle of a stream")
            expires = deadline
        self.expires, self.is_waiting = expires, True

    def is_hit(self, now: float) -> bool:
        """Tell whether the reader has waited for too long."""
        if self.is_waiting:
            return _is_over(self, now)
        self.grace_until = 0.0
        return False

    def next_check(self, now: float) -> float:
        """Return the loop's time at which a limit can be hit at the earliest."""
        if self.is_waiting:
            return max(self.expires, self.grace_until)
        return min(now + self.between_events, self.deadline.expires if self.deadline.expires > now else math.inf)

    def exceeded(self) -> ImagineTimeoutException:
        """Return the exception for the limit that is hit."""
        limit = TimeLimit("between_events", self.between_events, self.expires)
        return (self.deadline if self.expires == self.deadline.expires else limit).exceeded("in the middle of a stream")


def _expires(limit: TimeLimit) -> float:
    return limit.expires
