"""The windows of `rate_limits=`: what the user declared, charged before anything is sent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from imagine.exceptions import ImagineException
from imagine.limits import QuotaState, RateLimit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyrate_limiter import InMemoryBucket

    from imagine._pacing.ticket import Ticket

__all__ = ["Quotas"]

ROUNDING = 0.01
"""Seconds added to a declared window, which is kept in whole milliseconds."""
LONGEST_WAY = 1.0
"""Seconds a request may take to the service, where it is counted: it may arrive later than it left."""


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


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
