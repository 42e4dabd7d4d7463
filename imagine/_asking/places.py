"""The type of each place in a type: that of `("people", 3, "name")` in the class that has the people."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    NotRequired,
    Required,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

if TYPE_CHECKING:
    from imagine._json.growing import Path

__all__ = ["UNKNOWN", "type_at"]

UNKNOWN: Any = object()
"""The type of a place that a type does not know, or knows in several ways."""
_MAPPINGS = (dict, Mapping, MutableMapping)
_MARKS = (Annotated, Required, NotRequired)


def type_at(kind: Any, path: Path) -> Any:
    """Return the type of a place in a type; UNKNOWN where it says nothing of it."""
    for place in path:
        kind = _inner(_only(kind), place)
    return UNKNOWN if isinstance(kind, TypeVar) else kind


def _only(kind: Any) -> Any:
    """Return a type without what is said about it, and without None; UNKNOWN for one of several."""
    while get_origin(kind) in _MARKS:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, UnionType):
        return kind
    options = [option for option in get_args(kind) if option is not NoneType]
    return _only(options[0]) if len(options) == 1 else UNKNOWN


def _inner(kind: Any, place: str | int) -> Any:
    origin, arguments = get_origin(kind) or kind, get_args(kind)
    if isinstance(place, int):
        return _item(origin, arguments, place)
    if origin in _MAPPINGS:
        return arguments[1] if len(arguments) == 2 else UNKNOWN
    return _members(kind).get(place, UNKNOWN)


def _item(origin: Any, arguments: tuple[Any, ...], place: int) -> Any:
    if hasattr(origin, "_fields"):
        arguments = tuple(_members(origin).values())
    elif origin is not tuple or arguments[1:] == (...,):
        return arguments[0] if arguments else UNKNOWN
    return arguments[place] if place < len(arguments) else UNKNOWN


@lru_cache(maxsize=256)
def _members(kind: Any) -> dict[str, Any]:
    """Return the types of a class's members, by their names in JSON."""
    fields: Mapping[str, Any] | None = getattr(kind, "model_fields", None)  # as pydantic has them
    if fields is not None:
        return {field.alias or name: field.annotation for name, field in fields.items()}
    try:
        if isinstance(get_origin(kind) or kind, msgspec.StructMeta):
            return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        return get_type_hints(kind, include_extras=True)
    except (TypeError, NameError):
        return {}
