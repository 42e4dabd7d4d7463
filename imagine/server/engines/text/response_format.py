"""Reads `response_format`: which JSON Schema the text of an answer has to fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from msgspec import Struct, ValidationError, convert

if TYPE_CHECKING:
    from collections.abc import Mapping


class _SchemaFormat(Struct):
    schema: dict[str, Any]


class ResponseFormat(Struct):
    """`{"type": "text"}`, `{"type": "json_object"}` or `{"type": "json_schema", "json_schema": {"schema": …}}`."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: _SchemaFormat | None = None


def response_format(value: Mapping[str, Any] | None) -> ResponseFormat:
    """Check the option; ValueError for a type there isn't, or for `json_schema` without its schema."""
    if not value:
        return ResponseFormat()
    try:
        parsed = convert(value, ResponseFormat)
    except ValidationError as error:
        raise ValueError(f"response_format does not fit: {error}.") from error
    if parsed.type == "json_schema" and parsed.json_schema is None:
        raise ValueError("response_format of type json_schema needs json_schema.schema.")
    return parsed
