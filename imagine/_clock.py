"""The clocks of a call: which limit of time runs now, and the exception that names it when it is hit."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple, Self

from imagine.exceptions import ImagineTimeoutException

if TYPE_CHECKING:
    from types import TracebackType

    from imagine._time import Timeout

__all__ = ["Clock", "Limit"]


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

    Entered and left in one task, around one attempt; `start` says which part runs from now on.
    """

    __slots__ = ("_doing", "_limit", "_running", "_scope", "_timeout", "deadline")

    def __init__(self, timeout: Timeout, deadline: Limit, doing: str) -> None:
        self._timeout = timeout
        self.deadline = deadline
        self._doing = doing
        self._limit = deadline
        self._running = False
        self._scope = asyncio.timeout_at(deadline.when)

    def start(self, part: str) -> None:
        """Start one part of the timeout anew."""
        self.until(Limit.starting(part, getattr(self._timeout, part)))

    def until(self, limit: Limit) -> None:
        """Run to a limit, or to the deadline where that comes first."""
        if self._running:  # a body still being taken when its answer is there has no say any more
            self._limit = min(limit, self.deadline, key=_at)
            self._scope.reschedule(self._limit.when)

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        self._running = True
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running = False
        try:
            await self._scope.__aexit__(kind, error, trace)
        except TimeoutError as expired:
            raise self._limit.exceeded(self._doing) from expired


def _at(limit: Limit) -> float:
    return limit.at
