"""Quotas: at most N requests or tokens for each key in any window of time, and the headers that report them."""

from __future__ import annotations

import math
import re
import time
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["HEADER_STYLES", "Quota", "QuotaBook", "QuotaStatus", "Unit", "Verdict", "parse_quotas", "quota_headers"]

Unit = Literal["requests", "tokens"]

_SPELLING = re.compile(
    r"(?P<amount>\d+)\s*(?P<unit>requests?|tokens?)?\s*(?:/|per)\s*(?P<count>\d+(?:\.\d+)?)?\s*"
    r"(?P<period>second|minute|hour|day|[smhd])s?",
    re.IGNORECASE,
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Quota:
    """At most `amount` requests or tokens in any `seconds`."""

    amount: int
    unit: Unit
    seconds: float

    def __post_init__(self) -> None:
        if self.amount < 1 or self.seconds <= 0:
            raise ValueError(
                f"A quota needs an amount of at least 1 and a time above 0 s, not {self.amount} in {self.seconds} s"
            )

    @classmethod
    def parse(cls, text: str) -> Quota:
        """Read `5/minute`, `25000 tokens/hour` or `3 requests / 10 s`; without a unit it counts requests."""
        match = _SPELLING.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"Not a quota: {text!r}; write it like 5/minute or 25000 tokens/hour")
        unit: Unit = "tokens" if (match["unit"] or "").lower().startswith("token") else "requests"
        return cls(int(match["amount"]), unit, float(match["count"] or 1) * _SECONDS[match["period"][0].lower()])


def parse_quotas(quotas: Iterable[Quota | str]) -> tuple[Quota, ...]:
    """Parse those quotas that are given in their short spelling."""
    return tuple(Quota.parse(quota) if isinstance(quota, str) else quota for quota in quotas)


@dataclass(frozen=True, slots=True)
class QuotaStatus:
    """What is left of one quota, and for how many seconds no more comes back."""

    quota: Quota
    remaining: int
    reset: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is let in: `wait` is 0, or the seconds until the last exhausted quota has room."""

    wait: float
    statuses: tuple[QuotaStatus, ...]


_UNLIMITED = Verdict(0.0, ())


class _Window:
    """What was charged to one quota within its last `seconds`."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._charges: deque[tuple[float, int]] = deque()
        self._used = 0

    def charge(self, now: float, amount: int) -> None:
        if amount:
            self._charges.append((now, amount))
            self._used += amount

    def wait(self, now: float) -> float:
        """Seconds until one more fits: the oldest charges leave until the sum is below the amount."""
        self._forget(now)
        if self._used < self.quota.amount:
            return 0.0
        freed = accumulate(amount for _, amount in self._charges)
        leaving = next(i for i, sum_ in enumerate(freed) if self._used - sum_ < self.quota.amount)
        return self._charges[leaving][0] + self.quota.seconds - now

    def status(self, now: float) -> QuotaStatus:
        wait = self.wait(now)
        oldest = self._charges[0][0] + self.quota.seconds - now if self._charges else 0.0
        return QuotaStatus(self.quota, max(0, self.quota.amount - self._used), wait or oldest)

    def _forget(self, now: float) -> None:
        while self._charges and self._charges[0][0] + self.quota.seconds <= now:
            self._used -= self._charges.popleft()[1]


class QuotaBook:
    """The windows of every user; kept in memory, so each server starts with empty ones.

    A request is charged when it is let in, its tokens once they are known; refused requests cost nothing.
    """

    def __init__(self, quotas: Iterable[Quota], clock: Callable[[], float] = time.monotonic) -> None:
        self._quotas = tuple(quotas)
        self._clock = clock
        self._windows: dict[str, list[_Window]] = {}

    def admit(self, user: str) -> Verdict:
        """Let one request in, or say how long it has to wait."""
        if not self._quotas:
            return _UNLIMITED
        now = self._clock()
        wait = max((window.wait(now) for window in self._windows_of(user)), default=0.0)
        if not wait:
            self._charge(user, "requests", 1)
        return Verdict(wait, self.left(user).statuses)

    def left(self, user: str) -> Verdict:
        """Report what is left, as to a request that was let in."""
        if not self._quotas:
            return _UNLIMITED
        now = self._clock()
        return Verdict(0.0, tuple(window.status(now) for window in self._windows_of(user)))

    def spend_tokens(self, user: str, tokens: int) -> None:
        """Charge the tokens that a request has cost."""
        self._charge(user, "tokens", tokens)

    def _windows_of(self, user: str) -> list[_Window]:
        if user not in self._windows:
            self._windows[user] = [_Window(quota) for quota in self._quotas]
        return self._windows[user]

    def _charge(self, user: str, unit: Unit, amount: int) -> None:
        for window in self._windows_of(user):
            if window.quota.unit == unit:
                window.charge(self._clock(), amount)


def quota_headers(verdict: Verdict, styles: Iterable[str]) -> dict[str, str]:
    """Report a verdict in headers of the named styles; where there are no quotas, none has anything to report."""
    if not verdict.statuses:
        return {}
    return {name: value for style in styles for name, value in HEADER_STYLES[style](verdict).items()}


def _retry_after(verdict: Verdict) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(verdict.wait))} if verdict.wait else {}


def _retry_after_date(verdict: Verdict) -> dict[str, str]:
    # A date is rounded down to whole seconds: one more keeps it from being early.
    return {"Retry-After": formatdate(time.time() + verdict.wait + 1, usegmt=True)} if verdict.wait else {}


def _retry_after_ms(verdict: Verdict) -> dict[str, str]:
    return {"retry-after-ms": str(math.ceil(verdict.wait * 1000))} if verdict.wait else {}


def _x_ratelimit(verdict: Verdict) -> dict[str, str]:
    return {
        f"x-ratelimit-{what}-{unit}": value
        for unit in ("requests", "tokens")
        for status in _tightest(verdict, unit)
        for what, value in _parts(status, f"{status.reset:.3f}s").items()
    }


def _ratelimit(verdict: Verdict) -> dict[str, str]:
    return {
        f"ratelimit-{what}": value
        for status in _tightest(verdict)
        for what, value in _parts(status, str(math.ceil(status.reset))).items()
    }


def _tightest(verdict: Verdict, unit: Unit | None = None) -> list[QuotaStatus]:
    """The status with the least left and the longest wait, as a list; empty if no quota counts the unit."""
    statuses = [status for status in verdict.statuses if unit in (None, status.quota.unit)]
    return sorted(statuses, key=lambda status: (status.remaining, -status.reset))[:1]


def _parts(status: QuotaStatus, reset: str) -> dict[str, str]:
    return {"limit": str(status.quota.amount), "remaining": str(status.remaining), "reset": reset}


HEADER_STYLES: Mapping[str, Callable[[Verdict], dict[str, str]]] = {
    "retry-after": _retry_after,
    "retry-after-date": _retry_after_date,
    "retry-after-ms": _retry_after_ms,
    "x-ratelimit": _x_ratelimit,
    "ratelimit": _ratelimit,
}
"""The ways in which gateways report a quota: `retry-after…` on a 429 only, the others on good answers too."""
