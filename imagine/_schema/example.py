"""Makes JSON values that fit a JSON Schema, filled from hints where there are any."""

from __future__ import annotations

from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

from msgspec import UNSET
from msgspec.structs import replace

from imagine._schema.hints import Hints
from imagine._schema.keywords import Schema, merged, preset, read_schema, schema_of
from imagine._schema.scalars import Scalars

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_VALUES = 10_000


def example(schema: Mapping[str, Any], hints: Hints | None = None) -> object:
    """Make a value that fits a schema.

    A value that a message names (`limit 5`, `city: Oslo`, a word of an enum) comes first, then `const`, `default` and
    `examples`, then quoted texts, names and numbers of the message, then plain values. Objects get their required
    properties and those the message names; all of them where none is required. Of `anyOf` and `oneOf` the first option
    that can be made is taken. Keywords that `Schema` does not list are ignored.

    Raises ValueError for an invalid schema, for one without a value, or if a value is hard to find (a rare `pattern`).
    """
    root = read_schema(schema)
    return _Maker(root, hints or Hints()).value(root)


class _EndlessError(ValueError):
    """A definition contains itself: whatever is optional or has another option can leave it out."""


class _Maker:
    def __init__(self, root: Schema, hints: Hints) -> None:
        self._hints = hints
        self._scalars = Scalars(hints)
        self._targets = {"#": root, **_definitions("$defs", root.defs), **_definitions("definitions", root.definitions)}
        self._open: list[str] = []
        self._left = _MOST_VALUES

    def value(self, node: Schema | bool, name: str = "") -> object:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"The schema asks for more than {_MOST_VALUES} values.")
        outside = len(self._open)
        try:
            return self._made(self._expanded(schema_of(node)), name)
        finally:
            del self._open[outside:]

    def _expanded(self, schema: Schema) -> Schema:
        while schema.ref is not None or schema.all_of:
            if schema.ref is not None:
                schema = merged(replace(schema, ref=None), self._target(schema.ref))
            else:
                first, *rest = schema.all_of
                schema = merged(replace(schema, all_of=rest), schema_of(first))
        return schema

    def _target(self, ref: str) -> Schema:
        if ref in self._open:
            raise _EndlessError(f"{ref} contains itself, and nothing in it may be left out.")
        if ref not in self._targets:
            raise ValueError(f"$ref {ref!r} leads nowhere: only '#', '#/$defs/…' and '#/definitions/…' are followed.")
        self._open.append(ref)
        return schema_of(self._targets[ref])

    def _made(self, schema: Schema, name: str) -> object:
        if schema.any_of:
            return self._first(replace(schema, any_of=[]), schema.any_of, name)
        if schema.one_of:
            return self._first(replace(schema, one_of=[]), schema.one_of, name)
        if schema.const is not UNSET:
            return schema.const
        if schema.enum is not None:
            return self._chosen(schema.enum, schema)
        return self._of_type(replace(schema, type=_type_of(schema)), name)

    def _first(self, schema: Schema, options: list[Schema | bool], name: str) -> object:
        failures: list[ValueError] = []
        for option in sorted(options, key=_is_null):
            try:
                return self.value(merged(schema, schema_of(option)), name)
            except ValueError as error:
                failures.append(error)
        raise failures[0]

    def _chosen(self, enum: list[object], schema: Schema) -> object:
        if not enum:
            raise ValueError("No value fits an empty enum.")
        default = enum[0] if preset(schema) is UNSET else preset(schema)
        return next(filter(self._hints.mentions, enum), default)

    def _of_type(self, schema: Schema, name: str) -> object:
        match schema.type:
            case "object":
                return self._object(schema)
            case "array":
                return self._array(schema, name)
            case "string":
                return self._scalars.text(schema, name)
            case "integer" | "number":
                return self._scalars.number(schema, name)
            case "boolean":
                return self._scalars.boolean(schema, name)
            case "null":
                return None
            case unknown:
                raise ValueError(f"{unknown!r} is not a JSON Schema type.")

    def _object(self, schema: Schema) -> object:
        if preset(schema) is not UNSET:
            return preset(schema)
        made: dict[str, object] = {}
        for name, node in self._wanted(schema).items():
            try:
                made[name] = self.value(node, name)
            except _EndlessError:
                if name in schema.required:
                    raise
        return made

    def _wanted(self, schema: Schema) -> dict[str, Schema | bool]:
        optional = [name for name, node in schema.properties.items() if not schema.required or self._named(name, node)]
        names = dict.fromkeys((*schema.required, *optional))
        return {name: schema.properties.get(name, schema.additional_properties) for name in names}

    def _named(self, name: str, node: Schema | bool) -> bool:
        enum = node.enum if isinstance(node, Schema) else None
        return self._hints.after(name) != "" or any(map(self._hints.mentions, enum or ()))

    def _array(self, schema: Schema, name: str) -> object:
        if preset(schema) is not UNSET:
            return preset(schema)
        fewest = schema.min_items or 0
        count = max(fewest, len(schema.prefix_items), int(schema.items is not False))
        nodes = islice(chain(schema.prefix_items, repeat(schema.items)), count)
        try:
            made = [self.value(node, name) for node in islice(nodes, schema.max_items)]
        except _EndlessError:
            if fewest:
                raise
            return []
        return _different(made, fewest) if schema.unique_items else made


def _definitions(place: str, nodes: Mapping[str, Schema | bool]) -> dict[str, Schema | bool]:
    return {f"#/{place}/{name.replace('~', '~0').replace('/', '~1')}": node for name, node in nodes.items()}


def _is_null(option: Schema | bool) -> bool:
    return isinstance(option, Schema) and option.type == "null"


def _type_of(schema: Schema) -> str:
    types = [schema.type] if isinstance(schema.type, str) else schema.type or [_guessed_type(schema)]
    return next((type_ for type_ in types if type_ != "null"), "null")


def _guessed_type(schema: Schema) -> str:
    if schema.properties or schema.required:
        return "object"
    if schema.prefix_items or schema.min_items or schema.items is not True:
        return "array"
    bounds = (schema.minimum, schema.maximum, schema.exclusive_minimum, schema.exclusive_maximum, schema.multiple_of)
    return "string" if bounds.count(None) == len(bounds) else "number"


def _different(values: list[object], fewest: int) -> list[object]:
    different = [value for number, value in enumerate(values) if value not in values[:number]]
    if len(different) < fewest:
        raise ValueError(f"{fewest} different items are needed, {len(different)} were found: give a default.")
    return different
