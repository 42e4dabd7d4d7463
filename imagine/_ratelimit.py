"""What the service says about its quotas, and what the user declared about them; no I/O."""

from __future__ import annotations

import math
import re
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RateLimit", "demanded_wait", "told_quota"]


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A quota: so many requests, or so many tokens, in any `per` seconds."""

    requests: int | None = None
    tokens: int | None = None
    per: float
    """Length of the window in seconds."""

    @property
    def amount(self) -> int:
        """How many requests or tokens."""
        return self.requests or self.tokens or 0

    def __post_init__(self) -> None:
        for name in ("requests", "tokens", "per"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | None):
                raise TypeError(f"RateLimit.{name} must be a number, not {type(value).__name__}")
        given = [n for n in (self.requests, self.tokens) if n is not None]
        if len(given) != 1 or given[0] < 1 or not 0 < self.per < math.inf:
            raise ValueError(f"{self!r} must name requests or tokens, at least 1, and per in seconds")


def demanded_wait(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds an answer asks to wait, None where it does not.

    Reads `retry-after-ms`, then `Retry-After` in seconds or as an HTTP date (RFC 9110 section 10.2.3), then the reset
    of a quota of which nothing remains.
    """
    millis = _number(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    after = headers.get("Retry-After")
    if after is not None:
        seconds = _number(after)
        return seconds if seconds is not None else _until(after, headers, now)
    return _exhausted_reset(headers)


def _number(text: str | None) -> float | None:
    """Return a plain decimal number of at least 0; float() alone would take "nan", "inf" and "1_0"."""
    if text is None or not re.fullmatch(r"\s*\d{1,15}(\.\d{0,15})?\s*", text, re.ASCII):
        return None
    return float(text)


def _until(date: str, headers: Mapping[str, str], now: float | None) -> float | None:
    """Return the seconds until a date, by the server's own clock where it tells it."""
    moment = _timestamp(date)
    if moment is None:
        return None
    server_now = _timestamp(headers.get("Date", ""))
    reference = server_now if server_now is not None else (time.time() if now is None else now)
    return max(0.0, moment - reference)


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None


_KINDS = ("requests", "tokens", "")
_DURATION = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{0,15})?)s)?(?:(\d{1,9})ms)?", re.ASCII
)


def told_quota(headers: Mapping[str, str]) -> dict[str, float]:
    """Return what the headers tell about quotas, by names such as `limit-requests`, `remaining-tokens`, `reset`.

    Reads `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, `x-ratelimit-*` and `ratelimit-*`; resets are in
    seconds from now, also where the service writes `6m0s` or a Unix time.
    """
    told: dict[str, float] = {}
    if "ratelimit" not in "".join(headers).lower():
        return told
    for kind in _KINDS:
        for field in ("limit", "remaining", "reset"):
            name = f"{field}-{kind}".rstrip("-")
            value = headers.get(f"x-ratelimit-{name}") or headers.get(f"ratelimit-{name}")
            number = _seconds(value) if field == "reset" else _number(value)
            if number is not None:
                told[name] = number
    return told


def _exhausted_reset(headers: Mapping[str, str]) -> float | None:
    told = told_quota(headers)
    names = [kind for kind in _KINDS if told.get(f"remaining-{kind}".rstrip("-")) == 0]
    resets = [told[name] for kind in names if (name := f"reset-{kind}".rstrip("-")) in told]
    return max(resets, default=None)


def _seconds(text: str | None) -> float | None:
    """Return a reset as seconds from now: seconds, a Unix time in s or ms, or a duration such as `1h2m3.5s`."""
    number = _number(text)
    if number is not None:
        if number < 1e9:
            return number
        return max(0.0, (number if number < 1e11 else number / 1000) - time.time())
    match = _DURATION.fullmatch((text or "").strip())
    if not match or not match[0]:
        return None
    days, hours, minutes, seconds, millis = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds + millis / 1000
