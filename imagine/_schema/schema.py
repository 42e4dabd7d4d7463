"""JSON Schemas of types, with no more references than they need: small models read better what is inlined."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine._schema.pydantic_types import is_pydantic, needs_pydantic, pydantic_schema
from imagine.types.base import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["complete", "schema_of", "schemas_of"]

Schema = dict[str, Any]

_MOST_INLINED = 16_384
"""Bytes of JSON up to which definitions are written where they are used."""
_PREFIX = "#/$defs/"
_OF_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
"""Keywords whose members are schemas by name."""
_VALUES = frozenset({"default", "examples", "example", "enum", "const", "required"})
"""Keywords that hold values, whatever these look like."""
_JSON_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


def schema_of(kind: object) -> Schema:
    """Return the JSON Schema of a type; TypeError where there is none, as msgspec or pydantic says it."""
    (root,), definitions = schemas_of([kind])
    return complete(root, definitions)


def schemas_of(kinds: Sequence[object]) -> tuple[list[Schema], dict[str, Schema]]:
    """Return the JSON Schemas of several types, and the definitions that they refer to, for `complete`."""
    models = _Models()
    roots = [models(kind) if needs_pydantic(kind) else None for kind in kinds]
    others = [kind for kind, root in zip(kinds, roots, strict=True) if root is None]
    made, definitions = msgspec.json.schema_components(others, schema_hook=models)
    rest: Iterator[Schema] = iter(made)
    return [root or next(rest) for root in roots], {**definitions, **models.definitions}


def complete(root: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return a schema that stands alone: inlined where that is small, else with the definitions that it needs."""
    root = _tidied(root)
    definitions = {name: _tidied(schema) for name, schema in definitions.items()}
    endless = {name for name in definitions if name in _reached(definitions[name], definitions)}
    try:
        inlining = _Inlining(definitions, endless)
        return _with_definitions(inlining.inlined(root), {name: inlining.definition(name) for name in endless})
    except _TooLongError:
        return _with_definitions(root, definitions)


class _Models:
    """Schemas that pydantic makes; the definitions of each get a number before their names, so that none is taken."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._made: dict[int, Schema] = {}

    def __call__(self, kind: Any) -> Schema:
        if not is_pydantic(kind) and not needs_pydantic(kind):
            raise TypeError(f"JSON has no form for {kind!r}")
        if id(kind) not in self._made:
            self._made[id(kind)] = self._root(kind, f"{len(self._made)}.")
        return self._made[id(kind)]

    def _root(self, kind: object, prefix: str) -> Schema:
        schema = pydantic_schema(kind, f"{_PREFIX}{prefix}{{model}}")
        definitions: dict[str, Schema] = schema.pop("$defs", {})
        self.definitions |= {prefix + name: definition for name, definition in definitions.items()}
        return schema


class _TooLongError(Exception):
    """What is inlined is too long."""


class _Inlining:
    """Writes definitions where they are used, but for those that contain themselves."""

    def __init__(self, definitions: dict[str, Schema], endless: set[str]) -> None:
        self._definitions = definitions
        self._endless = endless
        self._made: dict[str, Schema] = {}

    def inlined(self, schema: Schema) -> Schema:
        return _short(_mapped(schema, self._node))

    def definition(self, name: str) -> Schema:
        if name not in self._made:
            self._made[name] = self.inlined(self._definitions[name])
        return self._made[name]

    def _node(self, node: Schema) -> Schema:
        name = _referred(node)
        if name is None or name in self._endless or name not in self._definitions:
            return node
        return {**self.definition(name), **{key: item for key, item in node.items() if key != "$ref"}}


def _short(schema: Schema) -> Schema:
    if len(to_json(schema)) > _MOST_INLINED:
        raise _TooLongError
    return schema


def _with_definitions(root: Schema, definitions: dict[str, Schema]) -> Schema:
    """Write a root in place of a reference to it, and what is still referred to beside it, under short names."""
    name = _referred(root)
    if name in definitions:
        root = {**definitions[name], **{key: item for key, item in root.items() if key != "$ref"}}
    names = _short_names(_reached(root, definitions))

    def renamed(node: Schema) -> Schema:
        name = _referred(node)
        return {**node, "$ref": _PREFIX + names[name]} if name in names else node

    kept = {short: _mapped(definitions[name], renamed) for name, short in names.items()}
    return {**_mapped(root, renamed), **({"$defs": kept} if kept else {})}


def _short_names(names: Iterable[str]) -> dict[str, str]:
    """Return names without pydantic's prefix, with a number where two would be the same."""
    made: dict[str, str] = {}
    for name in names:
        wanted = name.partition(".")[2] or name
        numbered = (f"{wanted}_{number}" for number in count(2))
        made[name] = next(short for short in chain([wanted], numbered) if short not in made.values())
    return made


def _reached(schema: Schema, definitions: dict[str, Schema]) -> list[str]:
    """Return the names of the definitions that a schema refers to, itself or by way of others."""
    found: dict[str, None] = {}
    waiting = [schema]

    def note(node: Schema) -> Schema:
        name = _referred(node)
        if name in definitions and name not in found:
            found[name] = None
            waiting.append(definitions[name])
        return node

    while waiting:
        _mapped(waiting.pop(), note)
    return list(found)


def _referred(node: Schema) -> str | None:
    ref = node.get("$ref")
    return ref.removeprefix(_PREFIX) if isinstance(ref, str) and ref.startswith(_PREFIX) else None


def _tidied(schema: Schema) -> Schema:
    return _mapped(schema, _tidied_node)


def _tidied_node(node: Schema) -> Schema:
    """Give an enum its type, and leave out `discriminator`, which is OpenAPI's and names definitions by their place."""
    values: list[object] = node.get("enum", [])
    kinds = {_JSON_TYPES.get(type(value)) for value in values}
    named = {"type": kinds.pop()} if len(kinds) == 1 and None not in kinds and "type" not in node else {}
    return {**named, **{key: item for key, item in node.items() if key != "discriminator"}}


def _mapped(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a schema in which each schema is changed, the outer before the inner ones."""

    def inner(item: Any) -> Any:
        if isinstance(item, dict):
            return _mapped(cast("Schema", item), change)
        return list(map(inner, cast("list[object]", item))) if isinstance(item, list) else item

    def member(key: str, item: Any) -> Any:
        if key in _OF_NAMES:
            return {name: inner(one) for name, one in item.items()}
        return item if key in _VALUES else inner(item)

    return {key: member(key, item) for key, item in change(schema).items()}
