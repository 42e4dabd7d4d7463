"""A type that JSON is converted into: its schema, and the way back."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Generic, Literal, TypeAlias, TypeVar, cast

import msgspec

from imagine._schema.pydantic_types import Misfits, needs_pydantic, read_by_pydantic
from imagine._schema.schema import schema_of

__all__ = ["Kind", "Target", "target_of"]

T = TypeVar("T")
Kind: TypeAlias = Literal["object", "array", "scalar"]

_KINDS = "a Struct, dataclass, TypedDict, NamedTuple, pydantic model, Literal, Enum, or list, dict and union of these"
_PLACE = re.compile(r" - at `(\$.*)`$", re.DOTALL)


class Target(Generic[T]):
    """A type that JSON is converted into."""

    def __init__(self, kind: type[T]) -> None:
        self.type: object = kind
        self.schema: dict[str, Any] = schema_of(kind)
        """Its JSON Schema, which stands alone: the root is no reference."""
        self.name = _name_of(kind)
        """Its name in letters, digits, `_` and `-`, as services take it for a function or a schema."""
        self.kind: Kind = _kind_of(self.schema, self.schema.get("$defs", {}))
        """What its JSON is; "scalar" also where it may be several of them."""
        self._by_pydantic = needs_pydantic(kind)
        if not self._by_pydantic:
            msgspec.json.Decoder(kind, dec_hook=read_by_pydantic)  # raises TypeError for what is not decoded

    def convert(self, value: object, *, strict: bool = True) -> T:
        """Return a plain value (dicts, lists, texts, numbers) as the type.

        What is not strict takes texts for numbers, too; pydantic's models go by their own rules. Raises ValueError,
        which says what was expected, what was there and where.
        """
        try:
            if self._by_pydantic:
                return cast("T", read_by_pydantic(self.type, value))
            return cast("T", msgspec.convert(value, self.type, strict=strict, dec_hook=read_by_pydantic, str_keys=True))
        except Exception as error:  # a class of the user's may raise anything
            raise ValueError(_told(error)) from error


def target_of(kind: Any) -> Target[Any]:
    """Return what converts JSON into a type; TypeError for one without a JSON Schema."""
    try:
        return _cached(kind)
    except (TypeError, NameError, AttributeError, ValueError, RuntimeError) as error:
        said = str(error).partition("\n")[0].rstrip(".:")
        raise TypeError(f"{_shown(kind)} has no JSON Schema: {said}{_hint(said)}. Give {_KINDS}") from error


@lru_cache(maxsize=256)
def _made(kind: Any, _spelling: str) -> Target[Any]:
    return Target(kind)


def _cached(kind: Any) -> Target[Any]:
    try:
        hash(kind)
    except TypeError:  # a list or dict in Annotated
        return Target(kind)
    return _made(
        kind, repr(kind)
    )  # Literal["a", "b"] equals Literal["b", "a"], and unions are as easy to take for others


def _told(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if isinstance(error, Misfits):
        return error.told("$")
    place = _PLACE.search(str(error))
    if isinstance(error.__cause__, Misfits):
        return error.__cause__.told(place[1] if place else "$")
    return str(error) if isinstance(error, msgspec.ValidationError) else f"{type(error).__name__}: {error}"


def _hint(said: str) -> str:
    if "custom type" in said:
        return "; a class with a union of pydantic models in it has to be a model, too"
    is_union = "unions may not" in said or "union contains" in said
    return "; make them Structs with tags: class A(Struct, tag=True)" if is_union else ""


def _name_of(kind: object) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", _shown(kind)).strip("_")[:64] or "value"


def _shown(kind: object) -> str:
    """Return a type as a person would write it, without its modules."""
    kind = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    name = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", name.replace("<locals>.", ""))


def _kind_of(schema: dict[str, Any], definitions: dict[str, Any]) -> Kind:
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        kinds: set[Kind] = {_kind_of(option, definitions) for option in options}
        return kinds.pop() if len(kinds) == 1 else "scalar"
    if "$ref" in schema:
        return _kind_of(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    found = schema.get("type")
    return "object" if found == "object" else "array" if found == "array" else "scalar"
