"""The clocks of a call: which limit of time runs now, and the exception that names it when it is hit."""

from __future__ import annotations

import asyncio
import contextvars
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import msgspec

from imagine.exceptions import ImagineTimeoutException

if TYPE_CHECKING:
    from types import TracebackType

    from imagine._time import Timeout

__all__ = ["NO_DEADLINE", "STALL", "Clock", "Limit", "Watch"]

STALL = 0.05
"""Seconds by which a timer is late only if the loop stood still; then what came meanwhile is looked at first."""


class Limit(NamedTuple):
    """A limit of time that is running."""

    name: str
    seconds: float
    at: float
    """The loop's time at which it is hit; `math.inf` for never."""

    @classmethod
    def starting(cls, name: str, seconds: float) -> Limit:
        """Start a limit now."""
        return cls(name, seconds, asyncio.get_running_loop().time() + seconds)

    @property
    def when(self) -> float | None:
        """The time for `asyncio.timeout_at`, which says None for never."""
        return None if self.at == math.inf else self.at

    def or_earlier(self, name: str, seconds: float) -> Limit:
        """Return this limit, or one that starts now where that comes first."""
        return min(self, Limit.starting(name, seconds), key=_at)

    def remaining(self) -> float | None:
        """Return the seconds that are left; None for endless."""
        return None if self.at == math.inf else max(0.0, self.at - asyncio.get_running_loop().time())

    def exceeded(self, doing: str) -> ImagineTimeoutException:
        """Return the exception for this limit."""
        return ImagineTimeoutException(f"{self.name}={self.seconds:g} s was hit {doing}", self.name, self.seconds)


NO_DEADLINE = Limit("deadline", math.inf, math.inf)


class Watched(Protocol):
    """What has a limit of time."""

    def look(self, now: float) -> float:
        """Act if the time has come; return the loop's time at which to look again, `math.inf` for never."""
        ...


class Timed(Protocol):
    """What a clock is for: a call and its limits."""

    timeout: Timeout
    deadline: Limit

    @property
    def doing(self) -> str:
        """The call in words, for messages."""
        ...


class Watch:
    """One timer for all limits of a loop: a limit that starts costs a comparison, not a timer of its own."""

    __slots__ = ("_context", "_loop", "_timer", "_watched", "add", "discard", "due")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: set[Watched] = set()
        self.add = self._watched.add
        self.discard = self._watched.discard
        self.due = math.inf
        """The loop's time at which it looks next."""
        self._timer: asyncio.TimerHandle | None = None
        self._context = contextvars.Context()  # not that of a call, which the timer would keep alive

    def expect(self, at: float) -> None:
        """See to it that the watched are looked at by then."""
        if at < self.due:
            self.due = at
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(at, self._look, context=self._context)

    def stop(self) -> None:
        """Look no more, unless something is watched still: that keeps its limits to its end."""
        if self._timer is not None and not self._watched:
            self._timer.cancel()
            self._timer, self.due = None, math.inf

    def _look(self) -> None:
        self._timer, self.due = None, math.inf
        now = self._loop.time()
        self.expect(min((watched.look(now) for watched in list(self._watched)), default=math.inf))


class Clock(msgspec.Struct, eq=False):
    """Runs the limits of one attempt one after the other, under the deadline of the whole call.

    Entered and left in one task, around one attempt; `start` says which part runs from now on. A limit that is hit
    cancels the task, as `asyncio.timeout` does.
    """

    call: Timed
    loop: asyncio.AbstractEventLoop
    watch: Watch
    deadline: float
    part: str = "deadline"
    at: float = math.inf
    """The loop's time at which the limit is hit that runs now."""
    task: asyncio.Task[object] | None = None
    cancelling: int = 0
    patience: float = 0.0
    """After the loop stood still: the time until which what came meanwhile is looked at first."""
    hit: Limit | None = None

    def start(self, part: str) -> None:
        """Start one part of the timeout anew."""
        at = self.loop.time() + getattr(self.call.timeout, part)
        self.part, self.at, self.patience = part, at if at < self.deadline else self.deadline, 0.0
        if self.at < self.watch.due:
            self.watch.expect(self.at)

    def until(self, part: str, at: float) -> None:
        """Run one part to a point in time, or to the deadline where that comes first."""
        self.part, self.at, self.patience = part, min(at, self.deadline), 0.0
        self.watch.expect(self.at)

    def only_deadline(self) -> None:
        """Run no part any more."""
        self.until("deadline", math.inf)

    def __enter__(self) -> Self:
        self.task = asyncio.current_task(self.loop)
        self.cancelling = self.task.cancelling() if self.task else 0
        self.watch.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.watch.discard(self)
        if self.hit is not None and self.task is not None:
            own = self.task.uncancel() <= self.cancelling  # and nobody else cancels the task at the same time
            if own and kind is asyncio.CancelledError:
                raise self.hit.exceeded(f"on {self.call.doing}") from error

    def look(self, now: float) -> float:
        """Cancel the task if the limit is hit."""
        if now < self.at or self.hit is not None:
            return self.at if self.hit is None else math.inf
        if now > self.at + STALL and not self.patience:
            self.patience = now + STALL
        if now < self.patience:
            return self.patience
        self.hit = self._limit()
        if self.task is not None:
            self.task.cancel()
        return math.inf

    def _limit(self) -> Limit:
        if self.at == self.deadline:
            return self.call.deadline
        return Limit(self.part, getattr(self.call.timeout, self.part), self.at)


def _at(limit: Limit) -> float:
    return limit.at
