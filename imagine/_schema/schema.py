"""JSON Schemas of types, by what msgspec says of them.

Its own schemas say nothing of the format of a datetime without a timezone, and models need to know it.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, Any, cast

from msgspec import NODEFAULT, inspect

from imagine._plain import plain
from imagine._schema.inlining import PREFIX, Schema, complete
from imagine._schema.pydantic_types import is_pydantic, needs_pydantic, pydantic_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["schema_of", "schemas_of", "shown_default"]

_JSON_TYPES: dict[type, str] = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
_ATOMS: dict[type, Schema] = {
    inspect.AnyType: {},
    inspect.RawType: {},
    inspect.NoneType: {"type": "null"},
    inspect.BoolType: {"type": "boolean"},
    inspect.IntType: {"type": "integer"},
    inspect.FloatType: {"type": "number"},
    inspect.StrType: {"type": "string"},
    inspect.DateTimeType: {"type": "string", "format": "date-time"},
    inspect.DateType: {"type": "string", "format": "date"},
    inspect.TimeType: {"type": "string", "format": "time"},
    inspect.TimeDeltaType: {"type": "string", "format": "duration"},
    inspect.UUIDType: {"type": "string", "format": "uuid"},
    inspect.DecimalType: {"type": "string", "format": "decimal"},
    inspect.BytesType: {"type": "string", "contentEncoding": "base64"},
    inspect.ByteArrayType: {"type": "string", "contentEncoding": "base64"},
    inspect.MemoryViewType: {"type": "string", "contentEncoding": "base64"},
}
_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
}
_SIZES = {"string": "Length", "array": "Items", "object": "Properties"}
_CONTAINERS = (list, dict, tuple)
"""Factories of defaults that are shown as the empty values that they make."""


def schema_of(kind: object) -> Schema:
    """Return the JSON Schema of a type; TypeError where there is none, as msgspec or pydantic says it."""
    (root,), definitions = schemas_of([kind])
    return complete(root, definitions)


def schemas_of(kinds: Sequence[object]) -> tuple[list[Schema], dict[str, Schema]]:
    """Return the JSON Schemas of several types, and the definitions that they refer to, for `complete`."""
    writer = _Writer()
    return [writer.of_pydantic(kind) if needs_pydantic(kind) else writer.root(kind) for kind in kinds], (
        writer.definitions
    )


def shown_default(value: object) -> Schema:
    """Return what a schema says of a default: nothing where JSON has no form for it."""
    try:
        return {"default": plain(value, "default")}
    except (TypeError, ValueError):
        return {}


class _Writer:
    """Writes schemas; classes become definitions, whose names begin with a number that no other has."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def root(self, kind: object) -> Schema:
        """Return the schema of a type that msgspec knows."""
        return self.schema(inspect.type_info(cast("type", kind)))

    def of_pydantic(self, kind: object) -> Schema:
        """Return the schema of a type that pydantic reads, with its definitions among the others."""
        prefix = f"{len(self.definitions)}."
        schema = pydantic_schema(kind, f"{PREFIX}{prefix}{{model}}")
        definitions: dict[str, Schema] = schema.pop("$defs", {})
        self.definitions |= {prefix + name: definition for name, definition in definitions.items()}
        return schema

    def schema(self, info: inspect.Type) -> Schema:
        """Return the schema of a type, by the first way that fits."""
        if type(info) in _ATOMS:
            return _bounded(_ATOMS[type(info)], info)
        return next(way(self, info) for kind, way in _WAYS if isinstance(info, kind))

    def described(self, info: inspect.Metadata) -> Schema:
        said = cast("Schema", getattr(info, "extra_json_schema", None) or {})  # its type has no parameters
        return {**self.schema(info.type), **said}

    def union(self, info: inspect.UnionType) -> Schema:
        return {"anyOf": [self.schema(one) for one in info.types]}

    def collection(self, info: inspect.CollectionType) -> Schema:
        unique = {"uniqueItems": True} if isinstance(info, inspect.SetType | inspect.FrozenSetType) else {}
        return _bounded({"type": "array", **self._inside("items", info.item_type), **unique}, info)

    def row(self, info: inspect.TupleType) -> Schema:
        items = [self.schema(one) for one in info.item_types]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items), "maxItems": len(items)}

    def mapping(self, info: inspect.DictType) -> Schema:
        key = self.schema(info.key_type)
        names = {"propertyNames": key} if key.get("type") == "string" and len(key) > 1 else {}
        values = self._inside("additionalProperties", info.value_type)
        return _bounded({"type": "object", **names, **values}, info)

    def _inside(self, keyword: str, info: inspect.Type) -> Schema:
        schema = self.schema(info)
        return {keyword: schema} if schema else {}

    def reference(self, info: Any) -> Schema:
        if info.cls not in self._names:
            self._names[info.cls] = name = f"{len(self.definitions)}.{_name_of(info.cls)}"
            self.definitions[name] = {}  # it may hold itself
            self.definitions[name] = {**_titled(info.cls), **self._fields(info)}
        return {"$ref": PREFIX + self._names[info.cls]}

    def _fields(self, info: Any) -> Schema:
        members = list(self._members(info))
        is_array = isinstance(info, inspect.NamedTupleType) or getattr(info, "array_like", False)
        closed = {"additionalProperties": False} if getattr(info, "forbid_unknown_fields", False) else {}
        return _array(members, info) if is_array else {**_object(members), **closed}

    def _members(self, info: Any) -> Iterator[tuple[str, Schema, bool]]:
        """Yield names and schemas, and whether they have to be there."""
        if getattr(info, "tag", None) is not None:
            yield info.tag_field, _of_values([info.tag]), True
        for field in info.fields:
            yield field.encode_name, {**self.schema(field.type), **_default_of(field)}, field.required

    def custom(self, info: inspect.CustomType) -> Schema:
        if not is_pydantic(info.cls) and not needs_pydantic(info.cls):
            raise TypeError(f"JSON has no form for {info.cls!r}")
        if info.cls not in self._names:
            self._names[info.cls] = name = f"{len(self.definitions)}.{_name_of(info.cls)}"
            self.definitions[name] = {}
            self.definitions[name] = self.of_pydantic(info.cls)
        return {"$ref": PREFIX + self._names[info.cls]}


_WAYS: tuple[tuple[Any, Callable[[_Writer, Any], Schema]], ...] = (
    (inspect.Metadata, _Writer.described),
    (inspect.UnionType, _Writer.union),
    (inspect.CollectionType, _Writer.collection),
    (inspect.TupleType, _Writer.row),
    (inspect.DictType, _Writer.mapping),
    (inspect.LiteralType, lambda _, info: _of_values(info.values)),
    (inspect.EnumType, lambda _, info: {**_titled(info.cls), **_of_values([one.value for one in info.cls])}),
    (inspect.CustomType, _Writer.custom),
    (object, _Writer.reference),
)
"""What writes which types, the first that fits."""


def _bounded(schema: Schema, info: inspect.Type) -> Schema:
    size = _SIZES.get(schema.get("type", ""))
    sizes = {"min_length": f"min{size}", "max_length": f"max{size}"} if size else {}
    found = {keyword: getattr(info, name, None) for name, keyword in {**_BOUNDS, **sizes}.items()}
    return {**schema, **{keyword: bound for keyword, bound in found.items() if bound is not None}}


def _of_values(values: Iterable[object]) -> Schema:
    listed = list(values)
    kinds = {_JSON_TYPES.get(type(value)) for value in listed}
    return {**({"type": kinds.pop()} if len(kinds) == 1 else {}), "enum": listed}


def _object(members: list[tuple[str, Schema, bool]]) -> Schema:
    required = [name for name, _, is_required in members if is_required]
    properties = {name: schema for name, schema, _ in members}
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _array(members: list[tuple[str, Schema, bool]], info: Any) -> Schema:
    least = max((place for place, (_, _, is_required) in enumerate(members, 1) if is_required), default=0)
    most = {} if getattr(info, "forbid_unknown_fields", True) is False else {"maxItems": len(members)}
    return {"type": "array", "prefixItems": [schema for _, schema, _ in members], "minItems": least, **most}


def _default_of(field: inspect.Field) -> Schema:
    if field.default is not NODEFAULT:
        return shown_default(field.default)
    return shown_default(cast("object", field.default_factory())) if field.default_factory in _CONTAINERS else {}


def _titled(cls: Any) -> Schema:
    """Return the name of a class and its docstring, but for those that Python writes itself."""
    said = cls.__doc__ or ""
    told = {} if not said or said.startswith(f"{_title(cls)}(") else {"description": cleandoc(said)}
    return {"title": _title(cls), **told}


def _title(cls: Any) -> str:
    return getattr(cls, "__name__", str(cls))


def _name_of(cls: Any) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", _title(cls)).strip("_")
