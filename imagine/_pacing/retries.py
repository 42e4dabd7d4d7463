"""What is sent again, and after how long; policy only, no I/O.

==============================================================  ======================================================
what happened (before anything was delivered)                   sent again
==============================================================  ======================================================
connect failed: refused, reset, temporary DNS, connect timeout  yes, full jitter of 0.5 * 2**n s, capped at 8 s
kept connection closed under the request                        yes, at once the first time
reset or cut before the status line                             yes, full jitter
429 or 503 that asks for a wait                                 yes, after it; at once an error if over the budget
429 that does not                                               yes, after 10 s, doubling, capped at 60 s, jittered
408, 500, 502, 503, 504, 520 to 524, 529                        yes, full jitter
a wrong key, 4xx, 3xx, 501, TLS, unknown host, bad URL          no
write, read or first_event timeout                              only with `retry_on_timeout=True`
anything after a 2xx status                                     no
an upload that cannot be rewound or reopened                    no
==============================================================  ======================================================

Every call of the service is a POST that may have run: it is sent again only where it surely did not run, or where the
service itself says that it failed.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

import tenacity

from imagine._pacing.throttle import asked_jitter
from imagine.exceptions import (
    ImagineAPIAuthenticationException,
    ImagineAPIException,
    ImagineConnectionException,
    ImagineException,
    ImagineTimeoutException,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["RetryPlan"]

T = TypeVar("T")

TRANSIENT_STATUS = frozenset({408, 500, 502, 503, 504, 529, *range(520, 525)})
"""520 to 524 are a CDN's, which had no good answer from the service; 529 is a service's own word for overloaded."""
TRANSIENT_REASONS = frozenset({"refused", "reset", "connect", "dns_temporary", "pooled"})
RESENDABLE_LIMITS = frozenset({"write", "read", "first_event"})


def full_jitter(number: int) -> float:
    """Return a wait before retry `number` (from 0): anywhere in 0 to 0.5 * 2**number s, capped at 8 s."""
    return random.uniform(0.0, min(8.0, 0.5 * 2.0**number))


def rate_limit_wait(number: int) -> float:
    """Return the wait after a 429 that names none: 10 s, doubling up to 60 s, with up to a tenth more as jitter."""
    return min(60.0, 10.0 * 2.0**number) * random.uniform(1.0, 1.1)


def delay(error: ImagineException, number: int, *, on_timeout: bool = False) -> float | None:
    """Tell how long to wait before retry `number` (from 0) after `error`; None: it is not sent again.

    A wait that the service asks for is returned as it is; whether the budget holds it is the plan's question.
    """
    if isinstance(error, ImagineTimeoutException):
        resend = error.limit == "connect" or (on_timeout and error.limit in RESENDABLE_LIMITS)
        return full_jitter(number) if resend else None
    if isinstance(error, ImagineConnectionException):
        return _after_lost_connection(error.reason, number)
    if isinstance(error, ImagineAPIException) and not isinstance(error, ImagineAPIAuthenticationException):
        return _after_status(error, number)
    return None


def _after_lost_connection(reason: str, number: int) -> float | None:
    if reason == "pooled" and number == 0:
        return 0.0
    return full_jitter(number) if reason in TRANSIENT_REASONS else None


def _after_status(error: ImagineAPIException, number: int) -> float | None:
    if (asked := _asked_wait(error)) is not None:
        return asked + asked_jitter(asked)
    if error.http_status == 429:
        return rate_limit_wait(number)
    return full_jitter(number) if error.http_status in TRANSIENT_STATUS else None


def _asked_wait(error: ImagineException) -> float | None:
    """Return the wait that a 429 or 503 asks for; other answers that name one are not believed."""
    if isinstance(error, ImagineAPIException) and error.http_status in (429, 503):
        return error.retry_after
    return None


class RetryPlan:
    """The retries of one call: how many are left, how much waiting its budget holds."""

    def __init__(self, max_retries: int, budget: float, *, on_timeout: bool = False) -> None:
        self.failure: ImagineException | None = None
        """Why the last attempt failed."""
        self._max_retries = max_retries
        self._budget = budget
        self._on_timeout = on_timeout
        self._wait = 0.0

    @property
    def is_told_pace(self) -> bool:
        """Whether the last failure was a 429 that asks for a wait, which its whole lane keeps."""
        failure = self.failure
        return (
            isinstance(failure, ImagineAPIException) and failure.http_status == 429 and failure.retry_after is not None
        )

    def allows(self, error: ImagineException, number: int) -> bool:
        """Tell whether `error` is followed by retry `number` (from 0), and settle the wait before it."""
        self.failure = error
        wait = delay(error, number, on_timeout=self._on_timeout) if number < self._max_retries else None
        if wait is None or min(wait, _asked_wait(error) or wait) > self._budget:
            return False
        self._wait = min(wait, self._budget)
        self._budget -= self._wait
        return True

    async def run(self, attempt: Callable[[], Awaitable[T]], pause: Callable[[float], Awaitable[None]]) -> T:
        """Go on after a first attempt whose failure was allowed: pause and attempt until one is good or not allowed."""
        first = [self.failure]

        async def go_on() -> T:
            if first and (failure := first.pop()):
                raise failure
            return await attempt()

        retrying = tenacity.AsyncRetrying(retry=self._is_retried, wait=self._settled_wait, sleep=pause, reraise=True)
        return await retrying(go_on)

    def _is_retried(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if error is self.failure:  # the first one, allowed before tenacity was entered
            return error is not None
        return isinstance(error, ImagineException) and self.allows(error, state.attempt_number - 1)

    def _settled_wait(self, _state: tenacity.RetryCallState) -> float:
        return self._wait
