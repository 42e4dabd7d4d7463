"""The pace that the service's answers ask for: when requests may leave, and how many at once.

A 429 closes the throttle. What has not left waits until the time has come, then leaves one by one until answers are
good again. So a burst costs at most the requests that were under way at the first 429, then one per window; where the
service's headers report the pace beforehand, none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imagine._pacing.headers import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Throttle"]

FIRST_HOLD = 1.0
"""Seconds it stays closed after a 429 that asks for no wait; doubled while not one request gets through."""
LONGEST_HOLD = 60.0
LONGEST_CLOSURE = 3600.0
"""Seconds after which a request is tried, whatever the service said: it may have been nonsense."""
RECOVERY = 1.0
"""Seconds without a 429 after which requests leave side by side again, twice as many after each good answer."""


class Throttle:
    """What the service's answers say about how fast requests may leave."""

    def __init__(self) -> None:
        self.unlimited = True
        """Whether the service has reported no limit, or the last one has been left behind."""
        self._closed_until = 0.0
        self._opened = 0.0
        self._width = math.inf  # how many unanswered requests there may be
        self._hold = FIRST_HOLD
        self._good = 0  # since it was opened
        self._learned: int | None = (
            None  # how many of a window got through; None where headers report that, or none did
        )
        self._windows = 0
        self._left = math.inf  # of the quota that the last answer reported
        self._left_until = 0.0

    def wait(self, now: float, unanswered: int) -> float:
        """Return the seconds until the next request may leave; inf: not before an answer has come."""
        if now < self._closed_until:
            return self._closed_until - now
        if unanswered >= self._width:
            return math.inf
        if now < self._left_until:
            return self._left_until - now if self._left <= 0 else 0.0
        return math.inf if self._left <= 0 and unanswered else 0.0  # a new window: one goes ahead to hear about it

    def sent(self) -> None:
        """Note that a request leaves."""
        self._left -= 1

    def succeeded(self, now: float, reported: Mapping[str, float], unanswered: int) -> None:
        """Note a good answer, what its headers report, and how many requests are still to be counted there."""
        if reported or not self.unlimited:
            self._read_quota(now, reported, unanswered)
        if now >= self._closed_until:  # else it left before it was closed
            self._good += 1
        if not self.unlimited:
            self._recover(now)
            self.unlimited = self._left == self._width == math.inf

    def _recover(self, now: float) -> None:
        """Let out more at once, the longer all goes well."""
        if now < self._closed_until or self._width == math.inf:
            return
        if self._learned and self._good >= self._learned:
            self._close_for_window(now)
        elif now - self._opened >= RECOVERY:
            self._width *= 2
            if self._width > 64:
                self._width, self._learned = math.inf, None

    def rejected(self, now: float, retry_after: float | None, unanswered: int) -> None:
        """Note a 429 and the wait that it asks for; what is unanswered is part of the same window."""
        if now >= self._closed_until:
            through = self._good + unanswered
            self._learned = through if retry_after is None else None  # a wait that is asked for is kept to, not guessed
            self._hold = FIRST_HOLD if through else min(LONGEST_HOLD, 2 * self._hold)
        elif self._learned:  # one more of the same burst
            self._learned -= 1
        self._close(now + (self._hold if retry_after is None else min(retry_after, LONGEST_CLOSURE)))

    def _close(self, until: float) -> None:
        self.unlimited = False
        self._closed_until = self._opened = max(self._closed_until, until)
        self._width = 1
        self._good = 0

    def _close_for_window(self, now: float) -> None:
        """Wait for the next window before the service says so; ask for more of it now and then."""
        self._windows += 1
        if self._learned and self._windows % 5 == 0:
            self._learned *= 2
        self._close(now + self._hold)

    def _read_quota(self, now: float, reported: Mapping[str, float], unanswered: int) -> None:
        known = [
            (reported[f"remaining{kind}"], reported[f"reset{kind}"])
            for kind in KINDS
            if f"remaining{kind}" in reported and f"reset{kind}" in reported
        ]
        if known:
            self._learned = None
            self.unlimited = False
            left, reset = min(known)
            self._left, self._left_until = left - unanswered, now + min(reset, LONGEST_CLOSURE)
        elif now >= self._left_until:  # it reports no more
            self._left = math.inf
