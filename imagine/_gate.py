"""Who may go when: the pace the service lets on about, and the quotas the user declared; no I/O.

A 429 closes the gate of its client. What has not left waits until the time has come, then leaves one by one until
answers are good again. So a burst costs at most the requests that were under way at the first 429, then one per window;
where the service's headers or `rate_limits=` tell the pace beforehand, none.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from imagine._ratelimit import RateLimit
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pyrate_limiter import InMemoryBucket

    from imagine._slots import Ticket

__all__ = ["Gate", "Pace", "QuotaState", "Quotas"]

FIRST_HOLD = 1.0
"""Seconds the gate stays closed after a 429 that demands no wait; doubled while not one request gets through."""
LONGEST_HOLD = 60.0
LONGEST_CLOSURE = 3600.0
"""Seconds after which a request is tried, whatever the service said: it may have said nonsense."""
RECOVERY = 1.0
"""Seconds without a 429 after which requests leave side by side again, twice as many after each good answer."""
ROUNDING = 0.01
"""Seconds added to a declared window, which is kept in whole milliseconds."""
LONGEST_WAY = 1.0
"""Seconds a request may take to the service, where it is counted: it may arrive later than it left."""
_KINDS = ("-requests", "-tokens", "")


class Pace:
    """What the service's answers tell about how fast requests may leave."""

    def __init__(self) -> None:
        self.unlimited = True
        """Whether the service has told of no limit, or the last one has been left behind."""
        self._closed_until = 0.0
        self._opened = 0.0
        self._width = math.inf  # how many unanswered requests there may be
        self._hold = FIRST_HOLD
        self._good = 0  # since the gate was opened
        self._learned: int | None = None  # how many of a window got through; None where headers tell, or nothing did
        self._windows = 0
        self._left = math.inf  # of the quota that the last answer told about
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

    def leave(self) -> None:
        """Note that a request leaves."""
        self._left -= 1

    def good(self, now: float, told: Mapping[str, float], unanswered: int) -> None:
        """Note a good answer, what its headers told, and how many requests are still to be counted there."""
        if told or not self.unlimited:
            self._listen(now, told, unanswered)
        if now >= self._closed_until:  # else it left before the gate was closed
            self._good += 1
        if not self.unlimited:
            self._recover(now)
            self.unlimited = self._left == self._width == math.inf

    def _recover(self, now: float) -> None:
        """Let out more at once, the longer all goes well."""
        if now < self._closed_until or self._width == math.inf:
            return
        if self._learned and self._good >= self._learned:
            self._close_voluntarily(now)
        elif now - self._opened >= RECOVERY:
            self._width *= 2
            if self._width > 64:
                self._width, self._learned = math.inf, None

    def limited(self, now: float, demanded: float | None, unanswered: int) -> None:
        """Note a 429 and the wait that it demands; what is unanswered is part of the same window."""
        if now >= self._closed_until:
            through = self._good + unanswered
            self._learned = through if demanded is None else None  # a demanded wait is kept to, not guessed
            self._hold = FIRST_HOLD if through else min(LONGEST_HOLD, 2 * self._hold)
        elif self._learned:  # one more of the same burst
            self._learned -= 1
        self._close(now + (self._hold if demanded is None else min(demanded, LONGEST_CLOSURE)))

    def _close(self, until: float) -> None:
        self.unlimited = False
        self._closed_until = self._opened = max(self._closed_until, until)
        self._width = 1
        self._good = 0

    def _close_voluntarily(self, now: float) -> None:
        """Wait for the next window before the service says so; ask for more of it now and then."""
        self._windows += 1
        if self._learned and self._windows % 5 == 0:
            self._learned *= 2
        self._close(now + self._hold)

    def _listen(self, now: float, told: Mapping[str, float], unanswered: int) -> None:
        known = [
            (told[f"remaining{kind}"], told[f"reset{kind}"])
            for kind in _KINDS
            if f"remaining{kind}" in told and f"reset{kind}" in told
        ]
        if known:
            self._learned = None
            self.unlimited = False
            left, reset = min(known)
            self._left, self._left_until = left - unanswered, now + min(reset, LONGEST_CLOSURE)
        elif now >= self._left_until:  # it tells no more
            self._left = math.inf


class QuotaState(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a declared quota is left."""

    limit: RateLimit
    remaining: int
    """Requests or tokens that may still be spent now."""
    reset: float
    """Seconds until all of it is there again; 0 when it is."""


class Quotas:
    """The windows of `rate_limits=`, kept by the library pyrate-limiter (extra `quotas`)."""

    def __init__(self, limits: Sequence[RateLimit]) -> None:
        try:
            from pyrate_limiter import InMemoryBucket, Rate
        except ImportError as error:
            raise ImagineException("rate_limits= needs an extra: pip install 'imagine-aio[quotas]'") from error
        self._left: dict[Ticket, float] = {}
        self._windows: list[tuple[RateLimit, InMemoryBucket]] = [
            (limit, InMemoryBucket([Rate(limit.amount, round((limit.per + ROUNDING) * 1000))])) for limit in limits
        ]

    def take(self, now: float, ticket: Ticket) -> float:
        """Charge one request and its estimated tokens to all windows, or return the seconds until they have room."""
        wait = max((self._wait(limit, bucket, now, ticket.tokens) for limit, bucket in self._windows), default=0.0)
        if not wait:
            self._left[ticket] = now
            for limit, bucket in self._windows:
                self._charge(bucket, now, 1 if limit.tokens is None else ticket.tokens)
        return wait

    def arrived(self, now: float, ticket: Ticket) -> None:
        """Count a request from now on, by when it has arrived at the service, which counts it from its arrival."""
        left = self._left.pop(ticket, now)
        for limit, bucket in self._windows:
            if limit.tokens is None:
                self._move(bucket, left, min(now, left + LONGEST_WAY))

    def refund(self, ticket: Ticket) -> None:
        """Take back the charge of a request that was let out and did not leave."""
        left = self._left.pop(ticket, None)
        for limit, bucket in self._windows:
            amount = 1 if limit.tokens is None else ticket.tokens
            places = [n for n, item in enumerate(bucket.items) if left is not None and item.timestamp == _millis(left)]
            for place in reversed(places[:amount]):
                del bucket.items[place]

    def charge_tokens(self, now: float, tokens: int) -> None:
        """Charge tokens that an answer reports beyond what was estimated; a window that is full holds no more."""
        for limit, bucket in self._windows:
            if limit.tokens is not None:
                self._charge(bucket, now, min(tokens, limit.amount - self._used(bucket, now)))

    def state(self, now: float) -> tuple[QuotaState, ...]:
        """Return what is left of each window."""
        return tuple(
            QuotaState(
                limit=limit,
                remaining=limit.amount - self._used(bucket, now),
                reset=self._until_free(limit, bucket, now, limit.amount),
            )
            for limit, bucket in self._windows
        )

    def _wait(self, limit: RateLimit, bucket: InMemoryBucket, now: float, tokens: int) -> float:
        needed = 1 if limit.tokens is None else tokens
        return math.inf if needed > limit.amount else self._until_free(limit, bucket, now, needed)

    def _until_free(self, limit: RateLimit, bucket: InMemoryBucket, now: float, needed: int) -> float:
        missing = needed - (limit.amount - self._used(bucket, now))
        if missing <= 0:
            return 0.0
        return bucket.items[missing - 1].timestamp / 1000 + limit.per + ROUNDING - now

    def _move(self, bucket: InMemoryBucket, left: float, arrived: float) -> None:
        for place, item in enumerate(bucket.items):
            if item.timestamp == _millis(left):
                del bucket.items[place]
                self._charge(bucket, arrived, 1)
                return

    def _used(self, bucket: InMemoryBucket, now: float) -> int:
        bucket.leak(_millis(now))
        return len(bucket.items)

    def _charge(self, bucket: InMemoryBucket, now: float, amount: int) -> None:
        from pyrate_limiter import RateItem

        if amount > 0:
            latest = bucket.items[-1].timestamp if bucket.items else 0
            bucket.put(RateItem("", max(latest, _millis(now)), weight=amount))


class Gate:
    """The pace and the quotas of one key at one endpoint."""

    def __init__(self, limits: Sequence[RateLimit] = ()) -> None:
        self.pace = Pace()
        self.quotas = Quotas(limits) if limits else None

    @property
    def unlimited(self) -> bool:
        """Whether no request has to wait."""
        return self.quotas is None and self.pace.unlimited

    def wait(self, now: float, unanswered: int, ticket: Ticket) -> tuple[float, bool]:
        """Let a request out, or return the seconds until it may leave, and whether a declared quota says so."""
        declared = False
        wait = self.pace.wait(now, unanswered) if ticket.heeds_pace else 0.0
        if not wait and self.quotas is not None:
            wait, declared = self.quotas.take(now, ticket), True
        if not wait:
            self.pace.leave()
        return wait, declared

    def refund(self, ticket: Ticket) -> None:
        """Take back what a request that did not leave was charged with."""
        if self.quotas is not None:
            self.quotas.refund(ticket)

    def answered(
        self,
        now: float,
        ticket: Ticket,
        status: int | None,
        told: Mapping[str, float],
        demanded: float | None,
        others: int,
    ) -> None:
        """Note what came of a request, while so many others are unanswered."""
        if self.quotas is not None:
            self.quotas.arrived(now, ticket)
        if status == 429:
            self.pace.limited(now, demanded, others)
        elif status is not None:
            self.pace.good(now, told, others)

    def state(self, now: float) -> tuple[QuotaState, ...]:
        """Return what is left of the declared quotas."""
        return self.quotas.state(now) if self.quotas else ()


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
