"""The types that pydantic reads: its models, dataclasses and fields; it is never imported here.

Whoever passes such a type has imported it.
"""

from __future__ import annotations

import sys
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from imagine._schema.inlining import Schema, mapped
from imagine.types.base import to_json

__all__ = ["Misfits", "is_pydantic", "needs_pydantic", "pydantic_schema", "read_by_pydantic"]


_UNIONS = (Union, UnionType)
_PACKAGES = ("pydantic", "annotated_types")
"""Whose values in Annotated are rules: `Field(ge=1)`, a validator, `Gt(0)`."""


class Misfits(ValueError):
    """What pydantic says is wrong: a path and a sentence for each misfit."""

    def __init__(self, found: list[tuple[str, str]]) -> None:
        self.found = found
        super().__init__(self.told(""))

    def told(self, place: str) -> str:
        """Return one text, with paths that go on from a place."""
        return "; ".join(f"{what} - at `{place}{path}`" if place + path else what for path, what in self.found)


def is_pydantic(kind: object) -> bool:
    """Tell whether pydantic alone knows how to read a class: a model, or a type such as EmailStr, but no Struct."""
    is_known = "pydantic" in sys.modules and hasattr(kind, "__get_pydantic_core_schema__")
    return is_known and not hasattr(kind, "__struct_fields__")


def needs_pydantic(kind: object) -> bool:
    """Tell whether pydantic alone reads a type: a dataclass of its own, a union of models, a rule in Annotated."""
    if "pydantic" not in sys.modules:
        return False
    if hasattr(kind, "__is_pydantic_dataclass__") or _is_union_with_model(kind):
        return True
    return any(_is_rule(part) or needs_pydantic(part) for part in _parts(kind))


def _is_union_with_model(kind: object) -> bool:
    """Tell whether a type is a union of a model and more than None, which msgspec reads no part of."""
    options = [one for one in get_args(kind) if one is not NoneType] if get_origin(kind) in _UNIONS else []
    return len(options) > 1 and any(map(is_pydantic, options))


def pydantic_schema(kind: object, ref_template: str) -> Schema:
    """Return the JSON Schema that pydantic makes of a type; what it raises is a RuntimeError."""
    return mapped(_adapter(kind).json_schema(ref_template=ref_template), _without_discriminator)


def _without_discriminator(node: Schema) -> Schema:
    """Leave out what is OpenAPI's, and names definitions by their place."""
    return {key: item for key, item in node.items() if key != "discriminator"}


def read_by_pydantic(kind: object, value: object) -> Any:
    """Return a plain value as pydantic reads it; Misfits has all that is wrong.

    It is read as JSON: a strict model takes dates and enums from nothing else.
    """
    text = to_json(value)
    try:
        return _adapter(kind).validate_json(text)
    except sys.modules["pydantic"].ValidationError as error:
        raise Misfits([(_path(found["loc"]), _misfit(found)) for found in error.errors()]) from error


@lru_cache(maxsize=256)
def _adapter(kind: object) -> Any:
    return sys.modules["pydantic"].TypeAdapter(kind)


def _parts(kind: object) -> tuple[object, ...]:
    return (*get_args(kind), *getattr(kind, "__metadata__", ()))


def _is_rule(part: object) -> bool:
    return not isinstance(part, type) and type(part).__module__.partition(".")[0] in _PACKAGES


def _path(places: tuple[str | int, ...]) -> str:
    return "".join(f"[{place}]" if isinstance(place, int) else f".{place}" for place in places)


def _misfit(found: dict[str, Any]) -> str:
    said: str = found["msg"]
    return said if found["type"] == "missing" else f"{said}, got `{type(found['input']).__name__}`"
