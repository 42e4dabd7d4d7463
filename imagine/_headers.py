"""What an answer's headers report: the wait that it asks for, and what is left of the service's quotas."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KINDS", "reported_quota", "retry_after_of"]

KINDS = ("-requests", "-tokens", "")
"""What a quota counts, as the end of a reported name; "" where the service does not say."""


def retry_after_of(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds an answer asks to wait, None where it does not.

    Reads `retry-after-ms`, then `Retry-After` in seconds or as an HTTP date (RFC 9110 section 10.2.3), then the reset
    of a quota of which nothing remains. Names are looked up in lower case.
    """
    millis = _number(headers.get("retry-after-ms"))
    if millis is not None:
        return millis / 1000
    after = headers.get("retry-after")
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
    """Return the seconds until a date, by the server's own clock where it reports it."""
    moment = _timestamp(date)
    if moment is None:
        return None
    server_now = _timestamp(headers.get("date", ""))
    reference = server_now if server_now is not None else (time.time() if now is None else now)
    return max(0.0, moment - reference)


def _timestamp(date: str) -> float | None:
    from email.utils import parsedate_to_datetime  # few services send dates, and every client would load it

    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError, OSError):
        return None


_DURATION = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{0,15})?)s)?(?:(\d{1,9})ms)?", re.ASCII
)


def reported_quota(headers: Mapping[str, str]) -> dict[str, float]:
    """Return what the headers report about quotas, by names such as `limit-requests`, `remaining-tokens`, `reset`.

    Reads `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, `x-ratelimit-*` and `ratelimit-*`; resets are in
    seconds from now, also where the service writes `6m0s` or a Unix time.
    """
    reported: dict[str, float] = {}
    names = "".join(headers)
    if "imit" not in names and "IMIT" not in names:  # each answer comes by: to write them all small takes longer
        return reported
    for kind in KINDS:
        for field in ("limit", "remaining", "reset"):
            name = f"{field}{kind}"
            value = headers.get(f"x-ratelimit-{name}") or headers.get(f"ratelimit-{name}")
            number = _seconds(value) if field == "reset" else _number(value)
            if number is not None:
                reported[name] = number
    return reported


def _exhausted_reset(headers: Mapping[str, str]) -> float | None:
    reported = reported_quota(headers)
    names = [kind for kind in KINDS if reported.get(f"remaining{kind}") == 0]
    resets = [reported[name] for kind in names if (name := f"reset{kind}") in reported]
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
