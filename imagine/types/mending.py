"""Values as our classes have them, where services write them otherwise: the slow way of `decoding`.

Null, NaN and infinity count as missing, and lone surrogates are replaced. In an answer, whose class has `_mends`, a
value that does not fit its field counts as missing, too, unless it is what the request was made for: that stays as it
is, and is refused with its place. First, `_in_own_form` of a class turns the forms of other services into its own.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import cycle
from types import UnionType
from typing import Any, Union, cast, get_args, get_origin

import msgspec

__all__ = ["mended"]

Json = dict[str, Any] | list[Any] | str | float | bool | None

_ASKED = frozenset(
    [
        *("message", "delta", "content", "text", "tool_calls", "function", "name", "arguments"),
        *("document", "failure", "b64_json", "url"),
    ]
)
"""Optional fields that a request is made for, or that say that it failed; what is required cannot be left out."""
_NUMBERS = frozenset({int, float})


def mended(value: Json, into: Any, *, inside: bool = False) -> Any:
    """Return a plain value as a type has it; what it has no form for stays as it is, for msgspec to refuse."""
    if isinstance(value, dict | list):  # services may be odd in every event: most values are neither
        for kind in _alternatives(into):
            if isinstance(value, dict) and _is_mended(kind, inside=inside):
                return _members(value, kind)
            if isinstance(value, list) and get_origin(kind) in (list, tuple):
                return _items(value, get_args(kind), inside=inside)
    return _cleaned(value)


def _items(values: list[Any], kinds: tuple[Any, ...], *, inside: bool) -> list[Any]:
    if _are_numbers(values):
        return values
    pairs = zip(values, cycle(kinds), strict=False)  # a list has one type for all, a tuple one for each
    return [mended(item, kind, inside=inside) for item, kind in pairs]


def _alternatives(into: Any) -> tuple[Any, ...]:
    return get_args(into) if get_origin(into) in (Union, UnionType) else (into,)


def _is_mended(kind: Any, *, inside: bool) -> bool:
    is_class = isinstance(kind, type) and issubclass(cast("Any", kind), msgspec.Struct)
    return is_class and (inside or getattr(cast("Any", kind), "_mends", False))


def _members(value: dict[str, Any], cls: Any) -> dict[str, Any]:
    in_own_form = getattr(cls, "_in_own_form", None)
    given = in_own_form(value) if in_own_form else value
    made = {field.name: _member(given.get(field.name), field) for field in _fields(cls)}
    return {name: item for name, item in made.items() if item is not None}


@lru_cache(64)
def _fields(cls: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(cls)


def _member(item: Json, field: msgspec.structs.FieldInfo) -> Any:
    if field.required or field.name in _ASKED:
        return mended(item, field.type, inside=True)
    for form in _forms(item, field.name):
        try:
            made = mended(form, field.type, inside=True)
            msgspec.convert(made, field.type, strict=False)
        except (msgspec.ValidationError, ValueError, RecursionError):
            continue
        return made
    return None


def _forms(item: Json, name: str) -> list[Json]:
    """Return what a value may be taken for: a number is also its text, as that of an id."""
    if _is_missing(item):
        return []
    is_unsaid = name == "finish_reason" and not item  # enumerations begin with a 0 that means nothing yet
    return [item, str(item)] if type(item) in _NUMBERS and not is_unsaid else [item]


def _cleaned(value: Json) -> Any:
    """Drop members without a value, so that defaults stand in, and replace the surrogates that msgspec cannot read."""
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items() if not _is_missing(item)}
    if isinstance(value, list):
        return value if _are_numbers(value) else [_cleaned(item) for item in value]
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _are_numbers(values: list[Any]) -> bool:
    """Tell whether a list is a vector, which may be long and has nothing to mend."""
    return _NUMBERS.issuperset(map(type, values))


def _is_missing(value: Json) -> bool:
    return value is None or (isinstance(value, float) and not math.isfinite(value))
