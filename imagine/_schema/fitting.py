"""Texts and numbers for a JSON Schema: which fit it, and plain ones to try when nothing better is known."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from ipaddress import IPv4Address, IPv6Address
from math import ceil, floor, inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from imagine._schema.keywords import Schema

_LONGEST = 100_000
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


class Format(NamedTuple):
    """A string format: how it looks, an example, and a parser that raises ValueError for what only looks like it."""

    pattern: re.Pattern[str]
    sample: str
    parse: Callable[[str], object] = str


def _format(pattern: str, sample: str, parse: Callable[[str], object] = str) -> Format:
    return Format(re.compile(pattern, re.ASCII), sample, parse)


_DAY, _CLOCK = r"\d{4}-\d\d-\d\d", r"\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)"
# Runs that may begin anywhere have a maximum length, so that no message takes quadratic time.
FORMATS = {
    "date": _format(_DAY, "2026-01-31", date.fromisoformat),
    "time": _format(_CLOCK, "12:00:00Z", time.fromisoformat),
    "date-time": _format(f"{_DAY}T{_CLOCK}", "2026-01-31T12:00:00Z", datetime.fromisoformat),
    "duration": _format(r"P(?:\d+[DW]|T\d+[HMS])", "PT1H"),
    "email": _format(r"[\w.+-]{1,64}@\w[\w-]*(?:\.\w[\w-]*)+", "user@example.com"),
    "hostname": _format(r"[a-z0-9]{1,63}(?:\.[a-z0-9]{1,63})+", "example.com"),
    "ipv4": _format(r"(?:\d{1,3}\.){3}\d{1,3}", "192.0.2.1", IPv4Address),
    "ipv6": _format(r"[0-9a-f:]{0,39}:[0-9a-f:]{1,39}", "2001:db8::1", IPv6Address),
    "decimal": _format(r"-?\d{1,30}(?:\.\d{1,30})?", "1.5"),
    "uri": _format(r"https?://[\w.-]+(?:/[\w./?=&%+-]*\w)?/?", "https://example.com/"),
    "uuid": _format(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "00000000-0000-4000-8000-000000000001"),
}
"""The supported string formats; others are ignored."""


def fits_text(schema: Schema, text: str) -> bool:
    """Tell whether a text has the length, the format and the pattern that the schema asks for."""
    long_enough = (schema.min_length or 0) <= len(text)
    short_enough = schema.max_length is None or len(text) <= schema.max_length
    spelled = _has_format(schema.format, text) and _has_encoding(schema.content_encoding, text)
    return long_enough and short_enough and spelled and _has_pattern(schema.pattern, text)


def plain_texts(schema: Schema, *preferred: str) -> Iterator[str]:
    """Yield the preferred texts, cut or padded to the length, then texts that simple patterns may accept."""
    shortest = schema.min_length or 0
    if shortest > _LONGEST:
        raise ValueError(f"minLength {shortest} is above the limit of {_LONGEST} characters.")
    yield from (text.ljust(shortest, ".")[: schema.max_length] for text in preferred if text)
    if schema.format in FORMATS:
        yield FORMATS[schema.format].sample
    if schema.pattern is not None:
        yield from (format_.sample for format_ in FORMATS.values())
        yield from (letter * length for length in range(65) for letter in "0aA")


def fits_number(schema: Schema, number: float) -> bool:
    """Tell whether a number is inside the bounds, a multiple of the step, and whole where it has to be."""
    low, high = _bounds(schema)
    inside = low <= number <= high and number not in (schema.exclusive_minimum, schema.exclusive_maximum)
    whole = isinstance(number, int) or schema.type != "integer"
    return inside and whole and (not schema.multiple_of or (number / schema.multiple_of).is_integer())


def plain_numbers(schema: Schema) -> Iterator[float]:
    """Yield 1, 0, and numbers at, next to and between the bounds."""
    low, high, step = *_bounds(schema), schema.multiple_of or 1
    yield from (1, 0)
    above = (low, -(-low // step) * step, (low // step + 1) * step) if low != -inf else ()
    below = (high, high // step * step, -(-high // step) * step - step) if high != inf else ()
    between = (low / 2 + high / 2,) if above and below else ()
    for number in (*above, *below, *between):
        yield from (ceil(number), floor(number)) if schema.type == "integer" else (number,)


def _bounds(schema: Schema) -> tuple[float, float]:
    lows = (schema.minimum, schema.exclusive_minimum)
    highs = (schema.maximum, schema.exclusive_maximum)
    return (
        max((low for low in lows if low is not None), default=-inf),
        min((high for high in highs if high is not None), default=inf),
    )


def _has_format(name: str | None, text: str) -> bool:
    if name not in FORMATS:
        return True
    try:
        FORMATS[name].parse(text)
    except ValueError:
        return False
    return FORMATS[name].pattern.fullmatch(text) is not None


def _has_encoding(name: str | None, text: str) -> bool:
    return name != "base64" or (len(text) % 4 == 0 and _BASE64.fullmatch(text) is not None)


def _has_pattern(pattern: str | None, text: str) -> bool:
    try:
        return pattern is None or re.search(pattern, text) is not None
    except re.error as error:
        raise ValueError(
            f"The pattern {pattern!r} is not a regular expression that Python accepts: {error}."
        ) from error
