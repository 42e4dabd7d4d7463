"""The awkward answers of the tests, with the names of their types and their values as plain JSON."""

from __future__ import annotations

import re
import sys
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any, NamedTuple, get_args, is_typeddict

import msgspec

from benchmarks.places import ROOT

__all__ = ["Row", "awkward", "kind_name", "kinds", "rows"]


class Row(NamedTuple):
    """What a library is asked for, and what it should read."""

    name: str
    kind: str
    has_value: bool
    value: Any
    has_calls: bool
    is_model: bool
    """Whether every library takes the type as it is."""


def awkward() -> list[Any]:
    """Return the table as the tests have it."""
    place = str(ROOT / "tests" / "parsing")
    if place not in sys.path:
        sys.path.append(place)
    return import_module("awkward").AWKWARD  # type: ignore[no-any-return]


def rows() -> list[Row]:
    """Return the table as it can be sent to another interpreter."""
    return [_row(one) for one in awkward()]


def _row(one: Any) -> Row:
    value = msgspec.json.decode(msgspec.json.encode(one.value)) if one.has_value else None
    return Row(one.name, kind_name(one.kind), one.has_value, value, bool(one.calls), _is_model(one.kind))


def _is_model(kind: Any) -> bool:
    return (
        is_dataclass(kind)
        or is_typeddict(kind)
        or (isinstance(kind, type) and not get_args(kind) and issubclass(kind, msgspec.Struct))
    )


def kinds() -> dict[str, Any]:
    """Return the types by their names."""
    return {kind_name(one.kind): one.kind for one in awkward()}


def kind_name(kind: object) -> str:
    """Return the name of a type without the modules it is in."""
    text = kind.__name__ if isinstance(kind, type) and not getattr(kind, "__args__", ()) else str(kind)
    return re.sub(r"\b(?:\w+\.)+", "", text)
