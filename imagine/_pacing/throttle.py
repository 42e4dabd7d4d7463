"""The pace that the answers of one lane ask for: when its requests may leave, and how fast.

A 429 closes it. What has not left waits until the time has come, then leaves one after the other: each once those
before it are answered, or at a rate that grows while no new 429 comes. So a burst costs at most the requests that were
under way at the first 429, then one per window; where the service's headers report the pace beforehand, none. A closed
lane lets a probe out now and then: the service may have asked for a nonsense wait.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from imagine._headers import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Rejection", "Throttle", "asked_jitter"]

FIRST_HOLD = 1.0
"""Seconds it stays closed after a 429 that asks for no wait; doubled while not one request gets through."""
LONGEST_HOLD = 60.0
FIRST_PROBE = 30.0
"""Seconds after the closing in which a probe may leave; doubled for each one after it."""
LONGEST_PROBE = 600.0
RECOVERY = 1.0
"""Seconds without a 429 after which requests may leave twice as fast; at first one in that time."""
FASTEST = 64.0
"""Requests a second beyond which they are no longer held back."""


def asked_jitter(asked: float) -> float:
    """Return a little on top of a wait that the service asks for: not all its clients come back in the same instant."""
    import random  # a 429 alone needs it, and it is not free to import

    return random.uniform(0.0, min(0.25, 0.1 * asked))


class Rejection(NamedTuple):
    """The 429 that closed a lane."""

    at: float
    """Seconds since the epoch."""
    retry_after: float | None

    def __str__(self) -> str:
        asked = "asked for no wait" if self.retry_after is None else f"asked to wait {self.retry_after:g} s"
        return f"at {time.strftime('%H:%M:%S', time.localtime(self.at))} and {asked}"


class Throttle:
    """What the service's answers say about how fast requests may leave."""

    def __init__(self, unanswered: int = 0) -> None:
        self.unlimited = True
        """Whether the service has reported no limit, or the last one has been left behind."""
        self.rejection: Rejection | None = None
        """The last 429."""
        self.last_sent = 0.0
        self._unanswered = unanswered
        self._closed_until = 0.0
        self._closed_by_service = False  # else until a guess of ours
        self._jitter = 0.0  # of that
        self._opened = 0.0
        self._blocked_since = 0.0
        self._probe_at = math.inf
        self._probe_pause = FIRST_PROBE
        self._rate = math.inf  # requests a second, where those before are not answered
        self._grown = 0.0
        self._hold = FIRST_HOLD
        self._sent = unanswered  # since it was opened
        self._pending = 0  # of these, unanswered
        self._good = 0  # of these
        self._learned: int | None = None  # how many of a window got through; None where headers say, or nothing does
        self._windows = 0
        self._left = math.inf  # of the quota that the last answer reported
        self._left_until = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may leave, or until it is to be asked again."""
        blocked_until = self._blocked_until(now)
        if blocked_until > now:
            return min(blocked_until, max(now, self._probe_at)) - now
        self._grow(now)
        if self._pending and (early := self.last_sent + 1 / self._rate - now) > 0:
            return early
        hears_first = self._left <= 0 and self._unanswered  # in a new window, one goes ahead to hear about it
        return RECOVERY if hears_first else 0.0

    def reported_wait(self, now: float) -> float:
        """Return the seconds that the service asked to send nothing for; 0 where that is a guess, or it is open."""
        if now < self._closed_until and not self._closed_by_service:
            return 0.0
        return max(0.0, self.blocked_for(now) - self._jitter)

    def why(self, lane: str) -> str:
        """Return what the service said, for messages."""
        if self.rejection is None:
            return f"the service reported that nothing is left of its quota for {lane}"
        return f"the service answered 429 to {lane} {self.rejection}"

    def abandon(self) -> None:
        """Forget what is under way, in a forked child."""
        self._unanswered = self._pending = 0

    def blocked_for(self, now: float) -> float:
        """Return the seconds until it opens by itself; 0 while it is open."""
        return max(0.0, self._blocked_until(now) - now)

    def probe_in(self, now: float) -> float:
        """Return the seconds until a probe may leave; inf while it is open."""
        return max(0.0, self._probe_at - now) if self._blocked_until(now) > now else math.inf

    def is_forgotten(self, now: float) -> bool:
        """Tell whether it has been open and unused for so long that it would hold nobody back."""
        last = max(self._opened, self.last_sent, self._left_until)
        return not self._unanswered and now - last > LONGEST_HOLD

    def _blocked_until(self, now: float) -> float:
        if now < self._closed_until:
            return self._closed_until
        return self._left_until if self._left <= 0 else 0.0

    def sent(self, now: float) -> None:
        """Note that a request leaves; while it is blocked, that is a probe."""
        self._unanswered += 1
        self.last_sent = now
        if self._blocked_until(now) > now:
            self._probe_pause = min(LONGEST_PROBE, 2 * self._probe_pause)
            self._probe_at = now + self._probe_pause
            return
        self._sent += 1
        self._pending += 1
        self._left -= 1
        if self._left <= 0:
            self._start_probes(now)

    def unanswered(self, left: float) -> None:
        """Note that no answer is to be expected any more to a request that left at a time."""
        self._unanswered = max(0, self._unanswered - 1)
        if left >= self._opened:
            self._pending = max(0, self._pending - 1)

    def answered(self, now: float, reported: Mapping[str, float], left: float, *, good: bool = True) -> None:
        """Note an answer, good or an error but no 429, to a request that left at a time."""
        self.unanswered(left)
        if good and self._blocked_until(now) > now and left > self._blocked_since:  # a probe: it answers again
            self.reopen(now)
        if reported or not self.unlimited:
            self._read_quota(now, reported)
        if now >= self._closed_until:  # else it left before it was closed
            self._good += 1
        if not self.unlimited:
            self._recover(now)
            self.unlimited = self._left == self._rate == math.inf

    def rejected(self, now: float, retry_after: float | None, left: float, jitter: float = 0.0) -> None:
        """Note a 429 to a request that left at a time, the wait that it asks for, and what is added to that.

        What is unanswered is part of the same window. A wait that a probe is told takes the place of the one before.
        """
        self.unanswered(left)
        self.rejection = Rejection(time.time(), retry_after)
        self._jitter = jitter
        if retry_after is not None and self._closed_until > now and left > self._blocked_since:
            self._closed_by_service = True
            self._closed_until = self._opened = self._grown = now + retry_after + jitter
            return
        if now >= self._closed_until:
            self._closed_by_service = False
            through = max(0, self._sent - 1)
            self._learned = through if retry_after is None else None  # a wait that is asked for is kept to, not guessed
            self._hold = FIRST_HOLD if through else min(LONGEST_HOLD, 2 * self._hold)
        elif self._learned:  # one more of the same burst
            self._learned -= 1
        if retry_after is not None:
            self._closed_by_service = True
        self._close(now, now + (self._hold if retry_after is None else retry_after + jitter))

    def reopen(self, now: float) -> None:
        """Forget what was asked for: the next requests leave one by one."""
        if now < self._closed_until:
            self._closed_until = self._opened = self._grown = now
        self._left, self._probe_at = math.inf, math.inf

    def _close(self, now: float, until: float) -> None:
        if now >= self._closed_until:
            self._start_probes(now)
        self.unlimited = False
        self._closed_until = self._opened = self._grown = max(self._closed_until, until)
        self._rate = 1 / RECOVERY
        self._sent = self._pending = self._good = 0

    def _start_probes(self, now: float) -> None:
        self._blocked_since = now
        self._probe_at, self._probe_pause = now + FIRST_PROBE, FIRST_PROBE

    def _grow(self, now: float) -> None:
        """Let them leave faster, the longer no 429 comes: slow answers alone hold nobody back."""
        while self._rate < math.inf and now - self._grown >= RECOVERY:
            self._grown += RECOVERY
            self._rate *= 2
            if self._rate > FASTEST:
                self._rate, self._learned = math.inf, None

    def _recover(self, now: float) -> None:
        """Leave it behind when all has gone well for long; close it for a window that is used up."""
        if self._learned and self._good >= self._learned and now >= self._closed_until:
            self._close_for_window(now)
        else:
            self._grow(now)

    def _close_for_window(self, now: float) -> None:
        """Wait for the next window before the service says so; ask for more of it now and then."""
        self._windows += 1
        if self._learned and self._windows % 5 == 0:
            self._learned *= 2
        self._closed_by_service = False
        self._close(now, now + self._hold)

    def _read_quota(self, now: float, reported: Mapping[str, float]) -> None:
        known = [
            (reported[f"remaining{kind}"], reported[f"reset{kind}"])
            for kind in KINDS
            if f"remaining{kind}" in reported and f"reset{kind}" in reported
        ]
        if known:
            self._learned = None
            self.unlimited = False
            left, reset = min(known)
            self._left, self._left_until = left - self._unanswered, now + reset
            if self._left <= 0:
                self._start_probes(now)
        elif now >= self._left_until:  # it reports no more
            self._left = math.inf
