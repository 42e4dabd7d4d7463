"""A value as a type has it, by the smallest repair that does; what would need a guess is refused."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from imagine._asking.spelling import folded, respelled
from imagine._json.mending import mended

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine._schema.target import Target

__all__ = ["Fitted", "fitted"]

_OF_CALLS = frozenset({"type", "id", "name", "arguments", "parameters", "function"})
"""Members of a tool call that a model writes as a text."""


class Fitted(NamedTuple):
    """A value as the type has it."""

    value: Any
    repaired: bool
    """Whether it was not so from the beginning."""


def fitted(value: object, target: Target[Any], *, alone: bool = True) -> Fitted:
    """Convert a plain value; ValueError says what does not fit, and where.

    Tried in this order, until one does: the value strictly, with texts for numbers, without nulls, then what is wrapped
    in it. Names and options are spelled as the type has them. `alone` says that there is no other value beside it,
    which would be lost where this one became a list.
    """
    whole = _of_call(value, target)
    asked = _asked_inside(whole, target)
    error: ValueError | None = None
    try:
        for shape in chain([asked], _shapes(whole, target, alone=alone)):
            if _is_schema(shape, target):
                raise ValueError("this is the schema, and no value that fits it")
            try:
                found = _converted(shape, target)
            except _ForeignError as misfit:
                error = error or misfit
            except ValueError as misfit:
                error = misfit if error is None or isinstance(error, _ForeignError) else error
            else:
                return Fitted(found.value, found.repaired or shape is not asked or whole is not value)
    except RecursionError as deep:
        raise ValueError("it is nested too deeply") from deep
    raise error or ValueError("it does not fit")


class _ForeignError(ValueError):
    """It would be taken for something else: what is wrong is told of what it wraps, if it wraps anything."""


def _converted(shape: object, target: Target[Any]) -> Fitted:
    spelled, flaw = respelled(shape, target.schema)
    if flaw:
        raise _ForeignError(flaw)
    try:
        return Fitted(target.convert(spelled), spelled != shape)
    except ValueError as misfit:
        for form in (spelled, _without_nulls(spelled)):
            with suppress(ValueError):
                return Fitted(target.convert(form, strict=False), repaired=True)
        raise misfit from None


def _asked_inside(value: object, target: Target[Any]) -> object:
    """Return what stands in `{"value": …}`, inside of which all but objects are asked for."""
    members = _object(value)
    return members["value"] if target.kind != "object" and members.keys() == {"value"} else value


def _is_schema(value: object, target: Target[Any]) -> bool:
    """Tell whether a value is what was asked with: where members have defaults, or may be anything, it would fit."""
    members = _object(value)
    shown = _object(members.get("properties"))
    asked = target.schema.get("properties", {}) if target.kind == "object" else {"value"}
    is_like = members.get("type") == "object" and "properties" in members and shown.keys() <= set(asked)
    return bool(members) and (is_like or members == target.schema)


def _of_call(value: object, target: Target[Any]) -> object:
    """Return the arguments of a tool call that was written as a text, else the value."""
    call = _object(value)
    if "function" in call and _OF_CALLS.issuperset(call):
        call = _object(call["function"])
    if call.get("name") != target.name or not _OF_CALLS.issuperset(call):
        return value
    return _decoded(call.get("arguments", call.get("parameters", value)), target)


def _shapes(value: object, target: Target[Any], *, alone: bool, levels: int = 2) -> Iterator[object]:
    yield value
    if levels:
        for inner in _unwrapped(value, target, alone=alone):
            yield from _shapes(inner, target, alone=alone, levels=levels - 1)


def _unwrapped(value: object, target: Target[Any], *, alone: bool) -> Iterator[object]:
    if members := _object(value):
        for name, inner in members.items() if len(members) == 1 else ():
            if _is_wrapper(name, inner, target):
                yield _decoded(inner, target)
        if target.kind == "array" and alone:
            yield [members]
    elif isinstance(value, list) and target.kind != "array":
        items = cast("list[object]", value)
        yield from items if len(items) == 1 else ()


def _is_wrapper(name: str, inner: object, target: Target[Any]) -> bool:
    return folded(name) in ("value", folded(target.name)) or (isinstance(inner, list) and target.kind == "array")


def _decoded(value: object, target: Target[Any]) -> object:
    """Return what a text says that stands where an object or a list belongs."""
    if target.kind == "scalar" or not isinstance(value, str):
        return value
    try:
        return mended(value)
    except ValueError:
        return value


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _without_nulls(item) for name, item in members.items() if item is not None}
    return list(map(_without_nulls, cast("list[object]", value))) if isinstance(value, list) else value


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
