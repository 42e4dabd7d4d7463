"""JSON and plain values into typed ones: quick where they fit, lenient where a live service is sloppy.

The quick way is msgspec's decoder. What it refuses goes a slow way that takes NaN and Infinity, lone surrogates, bytes
that are no UTF-8 (shown as U+FFFD), a byte order mark, numbers written as strings, null where a value belongs (the
field's default stands in), and what `mending` knows of answers.
"""

from __future__ import annotations

import re
import reprlib
from functools import cached_property
from typing import Any, Generic, TypeVar

import msgspec

__all__ = ["Decoding", "fit"]

T = TypeVar("T")
Json = dict[str, Any] | list[Any] | str | float | bool | None

# ValueError is the base of UnicodeError, of JSONDecodeError and of json's refusal of integers beyond 4300 digits.
_REFUSALS = (msgspec.MsgspecError, ValueError, RecursionError)
_LONGEST_EXCERPT = 200
_shortened = reprlib.Repr()
# Longer than what is shown, which is cut at its end alone: a key cut in two elsewhere would not be known for one.
_shortened.maxstring = _shortened.maxother = _shortened.maxlong = 50 * _LONGEST_EXCERPT


class Decoding(Generic[T]):
    """A reusable decoder of JSON into one type: `Decoding(PingResponse).decode(body)`."""

    def __init__(self, into: type[T]) -> None:
        self.type = into

    @cached_property
    def fast(self) -> msgspec.json.Decoder[T]:
        """The strict decoder of the quick way, for callers that decode many documents in one call."""
        return msgspec.json.Decoder(self.type)

    def prepare(self) -> None:
        """Make the strict decoder now; TypeError or NameError for a type that there is none for."""
        _ = self.fast

    def decode(self, data: bytes | bytearray | memoryview) -> T:
        """Decode one JSON document.

        Raises ImagineDecodeException, which names the type, the field and what was there, where even the lenient
        reading does not fit.
        """
        try:
            return self.fast.decode(data)
        except _REFUSALS:
            return fit(_parse(bytes(data), self.type), self.type)


def fit(value: Any, into: type[T]) -> T:
    """Turn a plain value (dicts, lists, strings, numbers) into a type, leniently.

    Raises ImagineDecodeException, which names the type, the field and what was there.
    """
    for strict in (True, False):  # the lenient way would read the text "null" as None
        try:
            return msgspec.convert(value, into, strict=strict)
        except _REFUSALS:
            continue
    return _fit_mended(value, into)


def _fit_mended(value: Json, into: type[T]) -> T:
    from imagine.types.mending import mended  # most answers need none of it

    try:
        return msgspec.convert(mended(value, into), into, strict=False)
    except _REFUSALS as refusal:
        raise _misfit(into, str(refusal), _at_path(value, str(refusal))) from refusal


def _parse(data: bytes, into: object) -> Any:
    """Read JSON: what is well-formed and does not fit its class three times as fast as what is not well-formed."""
    try:
        return msgspec.json.decode(data)
    except _REFUSALS:
        return _parse_malformed(data, into)


def _parse_malformed(data: bytes, into: object) -> Any:
    import json  # this way alone needs it, and it is not free to import

    text = data.decode("utf-8-sig", "replace")
    try:
        return json.loads(text)
    except _REFUSALS as refusal:
        raise _misfit(into, f"it cannot be read as JSON ({refusal})", text) from refusal


def _misfit(into: object, reason: str, found: object) -> Exception:
    from imagine.exceptions import ImagineDecodeException  # it stands above, on the record of a call, which has a usage

    name = into.__name__ if isinstance(into, type) else str(into)
    return ImagineDecodeException(f"This does not fit {name}: {reason}; there was {_excerpt(found)}")


def _at_path(value: Any, refusal: str) -> object:
    """Follow the path that a refusal names, like `$.choices[0].index`, as far as it leads."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", refusal.partition("`$")[2]):
        try:
            value = value[name or int(index)]
        except (LookupError, TypeError):
            return value
    return value


def _excerpt(value: object) -> str:
    try:
        text = _shortened.repr(value)
    except ValueError:  # an integer too long for Python to print
        return type(value).__name__
    return text if len(text) <= _LONGEST_EXCERPT else text[: _LONGEST_EXCERPT - 3] + "..."
