"""Data classes as pydantic types: fields of its models, bodies and answers of FastAPI, parts of an OpenAPI document.

pydantic's core schemas are dicts, so nothing of it is imported: whoever asks for them has it.
"""

from __future__ import annotations

from inspect import getdoc
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from imagine.types.dumping import is_given

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["core_schema", "documented", "open_enum"]

CoreSchema = dict[str, Any]
JsonSchema = dict[str, Any]


def core_schema(cls: type[msgspec.Struct], schema_of: Callable[[Any], CoreSchema]) -> CoreSchema:
    """Return the schema by which pydantic makes, writes and documents a data class: a typed dict that becomes one.

    Fields are checked by pydantic, so that its errors tell the place, and a union takes the class that fits best.
    """

    def made(value: object, checked: Callable[[object], dict[str, Any]]) -> object:
        return value if isinstance(value, cls) else cls(**checked(value))

    def written(value: object, write: Callable[[object], object], info: Any) -> object:
        return write(_fields(value, only_given=info.exclude_unset) if isinstance(value, cls) else value)

    made.__name__ = cls.__name__  # pydantic shows it as the place of an error inside of a union
    return {
        "type": "function-wrap",
        "function": {"type": "no-info", "function": made},
        "schema": _typed_dict(cls, schema_of),
        "ref": f"{cls.__module__}.{cls.__qualname__}:{id(cls)}",
        "serialization": {"type": "function-wrap", "function": written, "info_arg": True},
    }


def _fields(value: msgspec.Struct, *, only_given: bool) -> dict[str, object]:
    fields = msgspec.structs.asdict(value)
    return {name: item for name, item in fields.items() if not only_given or is_given(value, name, item)}


def _typed_dict(cls: type[msgspec.Struct], schema_of: Callable[[Any], CoreSchema]) -> CoreSchema:
    hints = get_type_hints(cls)
    members = {field.name: _member(field, schema_of(hints[field.name])) for field in msgspec.structs.fields(cls)}
    # A config of its own: that of the model around it is about the model's own fields.
    return {"type": "typed-dict", "fields": members, "config": {}}


def _member(field: msgspec.structs.FieldInfo, schema: CoreSchema) -> CoreSchema:
    if field.default is not msgspec.NODEFAULT:
        schema = {"type": "default", "schema": schema, "default": field.default}
    elif field.default_factory is not msgspec.NODEFAULT:
        schema = {"type": "default", "schema": schema, "default_factory": field.default_factory}
    return {"type": "typed-dict-field", "schema": schema, "required": field.required}


def documented(cls: type[msgspec.Struct], core: CoreSchema, handler: Any) -> JsonSchema:
    """Return the JSON Schema of a data class, with its name and docstring."""
    reference: JsonSchema = handler(core)
    handler.resolve_ref_schema(reference).update(title=cls.__name__, description=getdoc(cls))
    return reference


def open_enum(core: CoreSchema, handler: Any) -> JsonSchema:
    """Return the JSON Schema of an enum that takes other values too: a string, with the members as examples."""
    reference: JsonSchema = handler(core)
    schema = handler.resolve_ref_schema(reference)
    schema["examples"] = schema.pop("enum")
    return reference
