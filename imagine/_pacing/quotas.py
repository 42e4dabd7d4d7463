"""The windows of `rate_limits=`: what the user declared, charged before anything is sent."""

from __future__ import annotations

import heapq
import math
from bisect import insort
from typing import TYPE_CHECKING

from imagine.limits import QuotaState, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagine._pacing.ticket import Ticket

__all__ = ["Quotas"]

LONGEST_WAY = 1.0
"""Seconds a request may take to the service, which counts it from its arrival."""
MOST_CHARGES = 1000
"""From here on, charges of nearly the same time become one: a window of any size takes the same memory and time."""


class Window:
    """What was spent in the last `per` seconds: (time, amount) pairs with a running sum."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self._charges: list[tuple[float, int]] = []
        self._under_way: dict[Ticket, tuple[float, int]] = {}  # not known to have arrived yet, first left first
        self._sum = 0

    def applies(self, ticket: Ticket) -> bool:
        """Whether a request is counted here."""
        return self.limit.model in (None, ticket.model)

    def cost(self, ticket: Ticket) -> int:
        """Return what a request costs here: itself, or its estimated tokens."""
        return 1 if self.limit.tokens is None else ticket.tokens

    def used(self, now: float) -> int:
        """Return what is spent."""
        past = now - self.limit.per
        while self._charges and self._charges[0][0] <= past:
            self._sum -= self._charges.pop(0)[1]
        while self._under_way:
            ticket, (left, amount) = next(iter(self._under_way.items()))
            if left + LONGEST_WAY > past:
                break
            del self._under_way[ticket]
            self._sum -= amount
        return self._sum

    def until_free(self, now: float, amount: int) -> float:
        """Return the seconds until there is room for an amount; inf where there never is."""
        missing = self.used(now) + amount - self.limit.amount
        if missing <= 0:
            return 0.0
        for counted, spent in self._in_order():
            missing -= spent
            if missing <= 0 and amount <= self.limit.amount:
                return counted + self.limit.per - now
        return math.inf

    def _in_order(self) -> Iterator[tuple[float, int]]:
        under_way = ((left + LONGEST_WAY, amount) for left, amount in self._under_way.values())
        return heapq.merge(self._charges, under_way)

    def leaves(self, now: float, ticket: Ticket) -> None:
        """Charge a request that leaves."""
        cost = self.cost(ticket)
        self._under_way[ticket] = now, cost
        self._sum += cost

    def arrived(self, now: float, ticket: Ticket) -> None:
        """Count a request from now on, or from the latest moment at which it can have arrived."""
        if ticket in self._under_way:
            left, amount = self._under_way.pop(ticket)
            self._sum -= amount
            self.charge(min(now, left + LONGEST_WAY), amount)

    def refund(self, ticket: Ticket) -> None:
        """Take back the charge of a request that did not leave."""
        self._sum -= self._under_way.pop(ticket, (0.0, 0))[1]

    def charge(self, when: float, amount: int) -> None:
        """Charge an amount; a window that is full holds no more."""
        amount = min(amount, self.limit.amount - self._sum)
        if amount <= 0:
            return
        self._sum += amount
        insort(self._charges, (when, amount))
        if len(self._charges) > MOST_CHARGES:
            self._thin()

    def _thin(self) -> None:
        """Make one charge of each two, at the later one's time: nothing is counted for a shorter time than it must."""
        pairs = zip(self._charges[::2], self._charges[1::2], strict=False)
        odd = self._charges[len(self._charges) & ~1 :]
        self._charges = [*((later[0], earlier[1] + later[1]) for earlier, later in pairs), *odd]


class Quotas:
    """All declared windows."""

    def __init__(self, limits: Sequence[RateLimit]) -> None:
        self._windows = [Window(limit) for limit in limits]

    def wait(self, now: float, ticket: Ticket) -> float:
        """Return the seconds until all windows have room for a request; inf where one never has."""
        waits = (window.until_free(now, window.cost(ticket)) for window in self._windows if window.applies(ticket))
        return max(waits, default=0.0)

    def share_a_window(self, one: Ticket, other: Ticket) -> bool:
        """Tell whether two requests are counted in the same window."""
        return any(window.applies(one) and window.applies(other) for window in self._windows)

    def leaves(self, now: float, ticket: Ticket) -> None:
        """Charge one request and its estimated tokens."""
        for window in self._of(ticket):
            window.leaves(now, ticket)

    def arrived(self, now: float, ticket: Ticket) -> None:
        """Count a request from now on, by when it has arrived at the service."""
        for window in self._of(ticket):
            window.arrived(now, ticket)

    def refund(self, ticket: Ticket) -> None:
        """Take back the charge of a request that was let out and did not leave."""
        for window in self._of(ticket):
            window.refund(ticket)

    def charge_tokens(self, now: float, ticket: Ticket, tokens: int) -> None:
        """Charge tokens that an answer reports beyond what was estimated."""
        for window in self._of(ticket):
            if window.limit.tokens is not None:
                window.used(now)
                window.charge(now, tokens)

    def state(self, now: float) -> tuple[QuotaState, ...]:
        """Return what is left of each window."""
        return tuple(
            QuotaState(
                limit=window.limit,
                remaining=max(0, window.limit.amount - window.used(now)),
                reset=window.until_free(now, window.limit.amount),
            )
            for window in self._windows
        )

    def _of(self, ticket: Ticket) -> list[Window]:
        return [window for window in self._windows if window.applies(ticket)]
