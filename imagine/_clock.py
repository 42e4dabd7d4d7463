"""The clocks of a call: which limit of time runs now, and the exception that names it when it is hit."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple, Self

from imagine.exceptions import ImagineTimeoutException

if TYPE_CHECKING:
    from types import TracebackType

    from imagine._time import Timeout

__all__ = ["STALL", "Clock", "Limit"]

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


class Clock:
    """Runs the limits of one attempt one after the other, under the deadline of the whole call.

    Entered and left in one task, around one attempt; `start` says which part runs from now on. A limit that is hit
    cancels the task, as `asyncio.timeout` does, but a new part costs no new timer: one that fires early looks again.
    """

    __slots__ = ("_cancelling", "_doing", "_expired", "_limit", "_loop", "_task", "_timeout", "_timer", "deadline")

    def __init__(self, timeout: Timeout, deadline: Limit, doing: str) -> None:
        self.deadline = deadline
        self._timeout = timeout
        self._doing = doing
        self._limit = deadline
        self._loop = asyncio.get_running_loop()
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._expired = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, part: str) -> None:
        """Start one part of the timeout anew."""
        seconds: float = getattr(self._timeout, part)
        self.until(Limit(part, seconds, self._loop.time() + seconds))

    def until(self, limit: Limit) -> None:
        """Run to a limit, or to the deadline where that comes first."""
        if self._task is not None:  # a body still being taken when its answer is there has no say any more
            self._limit = limit if limit.at <= self.deadline.at else self.deadline
            self._look()

    async def __aenter__(self) -> Self:
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task else 0
        self._look()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task, self._task = self._task, None
        if self._timer is not None:
            self._timer.cancel()
        if self._expired and task is not None:
            own = task.uncancel() <= self._cancelling  # and nobody else cancels the task at the same time
            if own and kind is asyncio.CancelledError:
                raise self._limit.exceeded(self._doing) from error

    def _look(self) -> None:
        """Have the timer fire by the time of the limit."""
        if self._timer is None or self._timer.when() > self._limit.at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = None if self._limit.at == math.inf else self._loop.call_at(self._limit.at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        late = self._loop.time() - self._limit.at
        if late < 0:
            self._look()
        elif late > STALL:
            self._timer = self._loop.call_later(STALL, self._fire_after_stall)
        else:
            self._expire()

    def _fire_after_stall(self) -> None:
        if self._loop.time() < self._limit.at:
            self._fire()
        else:
            self._expire()

    def _expire(self) -> None:
        if self._task is not None and not self._expired:
            self._expired = True
            self._task.cancel()


def _at(limit: Limit) -> float:
    return limit.at
