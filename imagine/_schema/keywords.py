"""Reads JSON Schemas into one class, and merges those that apply at the same time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, ValidationError, convert, field
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Schema(Struct, rename="camel", kw_only=True):
    """The keywords that are used; all others are ignored."""

    ref: str | None = field(default=None, name="$ref")
    defs: dict[str, Schema | bool] = field(default={}, name="$defs")
    definitions: dict[str, Schema | bool] = {}
    type: str | list[str] | None = None
    const: object = UNSET
    enum: list[object] | None = None
    default: object = UNSET
    examples: list[object] | None = None
    format: str | None = None
    content_encoding: str | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    minimum: int | float | None = None
    maximum: int | float | None = None
    exclusive_minimum: int | float | None = None
    exclusive_maximum: int | float | None = None
    multiple_of: int | float | None = None
    properties: dict[str, Schema | bool] = {}
    required: list[str] = []
    additional_properties: Schema | bool = True
    items: Schema | bool = True
    prefix_items: list[Schema | bool] = []
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool = False
    any_of: list[Schema | bool] = []
    one_of: list[Schema | bool] = []
    all_of: list[Schema | bool] = []


def read_schema(schema: Mapping[str, Any]) -> Schema:
    """Read a schema and all schemas inside it; ValueError names a keyword of the wrong type."""
    try:
        return convert(schema, Schema)
    except ValidationError as error:
        raise ValueError(f"This is not a JSON Schema: {error}.") from error


def schema_of(node: Schema | bool) -> Schema:
    """Return the schema that a node stands for: `true` allows everything; ValueError for `false`."""
    if node is False:
        raise ValueError("No value fits the schema `false`.")
    return Schema() if node is True else node


def preset(schema: Schema) -> object:
    """Return the default or the first example; UNSET if there is neither."""
    return schema.examples[0] if schema.default is UNSET and schema.examples else schema.default


def merged(one: Schema, other: Schema) -> Schema:
    """Return the schema that fits what both fit.

    `properties`, `required` and `allOf` are united, `default` and `examples` are those of `one` if it has them;
    ValueError if the two differ in anything else.
    """
    return replace(one, **{name: _both(name, one, other) for name in _set_keywords(other)})


_ANYTHING = Schema()


def _set_keywords(schema: Schema) -> list[str]:
    return [name for name in schema.__struct_fields__ if getattr(schema, name) != getattr(_ANYTHING, name)]


def _both(name: str, one: Schema, other: Schema) -> object:
    if name in ("required", "all_of"):
        return [*getattr(one, name), *getattr(other, name)]
    if name == "properties":
        united = {key: _each(one.properties.get(key), node) for key, node in other.properties.items()}
        return {**one.properties, **united}
    if name not in _set_keywords(one):
        return getattr(other, name)
    if name not in ("default", "examples") and getattr(one, name) != getattr(other, name):
        raise ValueError(f"Schemas that apply together differ in {name}: {getattr(one, name)}, {getattr(other, name)}.")
    return getattr(one, name)


def _each(one: Schema | bool | None, other: Schema | bool) -> Schema | bool:
    return other if one is None or one == other else Schema(all_of=[one, other])
