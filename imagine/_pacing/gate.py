"""Who may leave now: the throttle of the service's answers and the quotas that the user declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine._pacing.quotas import Quotas
from imagine._pacing.throttle import Throttle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imagine._pacing.ticket import Ticket
    from imagine.limits import QuotaState, RateLimit

__all__ = ["Gate"]


class Gate:
    """The throttle and the quotas of one key at one endpoint."""

    def __init__(self, limits: Sequence[RateLimit] = ()) -> None:
        self.throttle = Throttle()
        self.quotas = Quotas(limits) if limits else None

    @property
    def unlimited(self) -> bool:
        """Whether no request has to wait."""
        return self.quotas is None and self.throttle.unlimited

    def wait(self, now: float, unanswered: int, ticket: Ticket) -> tuple[float, bool]:
        """Let a request out, or return the seconds until it may leave, and whether a declared quota says so."""
        declared = False
        wait = self.throttle.wait(now, unanswered) if ticket.is_throttled else 0.0
        if not wait and self.quotas is not None:
            wait, declared = self.quotas.take(now, ticket), True
        if not wait:
            self.throttle.sent()
        return wait, declared

    def refund(self, ticket: Ticket) -> None:
        """Take back what a request that did not leave was charged with."""
        if self.quotas is not None:
            self.quotas.refund(ticket)

    def record(
        self,
        now: float,
        ticket: Ticket,
        status: int | None,
        reported: Mapping[str, float],
        retry_after: float | None,
        others: int,
    ) -> None:
        """Record what came of a request, and how many others are unanswered."""
        if self.quotas is not None:
            self.quotas.arrived(now, ticket)
        if status == 429:
            self.throttle.rejected(now, retry_after, others)
        elif status is not None:
            self.throttle.succeeded(now, reported, others)

    def state(self, now: float) -> tuple[QuotaState, ...]:
        """Return what is left of the declared quotas."""
        return self.quotas.state(now) if self.quotas else ()
