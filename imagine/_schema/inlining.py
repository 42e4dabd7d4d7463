"""Schemas that stand alone: definitions written where they are used, as small models read them better."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING, Any, cast

from imagine.types.base import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["PREFIX", "Schema", "complete", "mapped"]

Schema = dict[str, Any]

PREFIX = "#/$defs/"
"""What a reference begins with; a name follows, or a number, a dot and a name."""
_MOST_INLINED = 16_384
"""Bytes of JSON up to which definitions are written where they are used."""
_OF_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
"""Keywords whose members are schemas by name."""
_VALUES = frozenset({"default", "examples", "example", "enum", "const", "required"})
"""Keywords that hold values, whatever these look like."""


def complete(root: Schema, definitions: dict[str, Schema]) -> Schema:
    """Return a schema that stands alone: inlined where that is small, else with the definitions that it needs."""
    endless = {name for name in definitions if name in _reached(definitions[name], definitions)}
    try:
        inlining = _Inlining(definitions, endless)
        return _with_definitions(inlining.inlined(root), {name: inlining.definition(name) for name in endless})
    except _TooLongError:
        return _with_definitions(root, definitions)


class _TooLongError(Exception):
    """What is inlined is too long."""


class _Inlining:
    """Writes definitions where they are used, but for those that contain themselves."""

    def __init__(self, definitions: dict[str, Schema], endless: set[str]) -> None:
        self._definitions = definitions
        self._endless = endless
        self._made: dict[str, Schema] = {}

    def inlined(self, schema: Schema) -> Schema:
        return _short(mapped(schema, self._node))

    def definition(self, name: str) -> Schema:
        if name not in self._made:
            self._made[name] = self.inlined(self._definitions[name])
        return self._made[name]

    def _node(self, node: Schema) -> Schema:
        name = _referred(node)
        if name is None or name in self._endless or name not in self._definitions:
            return node
        return _in_place(self.definition(name), node)


def _in_place(definition: Schema, reference: Schema) -> Schema:
    """Return a definition as it stands in place of a reference, with what is said beside that."""
    return {**definition, **{key: item for key, item in reference.items() if key != "$ref"}}


def _short(schema: Schema) -> Schema:
    if len(to_json(schema)) > _MOST_INLINED:
        raise _TooLongError
    return schema


def _with_definitions(root: Schema, definitions: dict[str, Schema]) -> Schema:
    """Write a root in place of a reference to it, and what is still referred to beside it, under short names."""
    for _ in definitions:  # a definition may be a reference itself
        name = _referred(root)
        if name in definitions:
            root = _in_place(definitions[name], root)
    names = _short_names(_reached(root, definitions))

    def renamed(node: Schema) -> Schema:
        name = _referred(node)
        return {**node, "$ref": PREFIX + names[name]} if name in names else node

    kept = {short: mapped(definitions[name], renamed) for name, short in names.items()}
    return {**mapped(root, renamed), **({"$defs": kept} if kept else {})}


def _short_names(names: Iterable[str]) -> dict[str, str]:
    """Return names without their numbers, or with another one where two would be the same."""
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
        mapped(waiting.pop(), note)
    return list(found)


def _referred(node: Schema) -> str | None:
    ref = node.get("$ref")
    return ref.removeprefix(PREFIX) if isinstance(ref, str) and ref.startswith(PREFIX) else None


def mapped(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """Return a schema in which each schema is changed, the outer before the inner ones."""

    def inner(item: Any) -> Any:
        if isinstance(item, dict):
            return mapped(cast("Schema", item), change)
        return list(map(inner, cast("list[object]", item))) if isinstance(item, list) else item

    def member(key: str, item: Any) -> Any:
        if key in _OF_NAMES:
            return {name: inner(one) for name, one in item.items()}
        return item if key in _VALUES else inner(item)

    return {key: member(key, item) for key, item in change(schema).items()}
