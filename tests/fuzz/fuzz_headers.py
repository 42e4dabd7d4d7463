"""Retry-After and the rate-limit headers: whatever they say, a wait or a quota is a usable number or is not told."""

from __future__ import annotations

import math

from multidict import CIMultiDict

from imagine._headers import reported_quota, retry_after_of

KINDS = ("-requests", "-tokens", "")
NAMES = [f"x-ratelimit-{field}{kind}: " for field in ("limit", "remaining", "reset") for kind in KINDS]
NAMES += ["ratelimit-remaining: ", "ratelimit-reset: ", "retry-after-ms: ", "Retry-After: ", "Date: "]

PIECES = [name.encode() for name in NAMES]
PIECES += b"\n|0|1|120|1.5|-1|1e9|1_0|nan|inf|6m0s|1d2h|350ms|1795500000|9999999999999999999".split(b"|")
PIECES += b"Fri, 27 Nov 2026 08:00:00 GMT|Sunday, 06-Nov-94 08:49:37 GMT| +2360|Feb 30| 99999".split(b"|")
NOW = 1_795_000_000.0


def fuzz(data: bytes) -> None:
    """Read the bytes as the headers of an answer."""
    headers = headers_of(data)
    wait = retry_after_of(headers, NOW)
    assert wait is None or _usable(wait)
    assert all(map(_usable, reported_quota(headers).values()))


def headers_of(lines: bytes) -> CIMultiDict[str]:
    """Read one header a line; bytes that are no UTF-8 become surrogates, as aiohttp has it."""
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines.decode("utf-8", "surrogateescape").split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers.add(name.strip(), value.strip())
    return headers


def _usable(number: float) -> bool:
    return math.isfinite(number) and number >= 0
