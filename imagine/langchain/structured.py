"""Answers in the form of a schema, by one of three ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from langchain_core.output_parsers import BaseOutputParser, JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.base import BaseGenerationOutputParser
from langchain_core.output_parsers.openai_tools import JsonOutputKeyToolsParser, PydanticToolsParser
from langchain_core.utils.function_calling import convert_to_openai_tool
from langchain_core.utils.pydantic import is_basemodel_subclass

__all__ = ["METHODS", "Method", "Schema", "Way"]

Schema: TypeAlias = "dict[str, Any] | type"
Method: TypeAlias = Literal["function_calling", "json_schema", "json_mode"]
Parser: TypeAlias = "BaseOutputParser[Any] | BaseGenerationOutputParser[Any]"
Way: TypeAlias = "tuple[dict[str, Any], Parser]"
"""The keywords of the call, and what reads its answer."""


def by_function(schema: Schema | None, strict: bool | None) -> Way:
    """Let the model call a tool whose arguments are the answer."""
    schema = _needed(schema, "function_calling")
    tool = convert_to_openai_tool(schema, strict=strict)
    name = tool["function"]["name"]
    keywords = {"tools": [tool], "tool_choice": {"type": "function", "function": {"name": name}}}
    if _is_model(schema):
        return keywords, PydanticToolsParser(tools=[schema], first_tool_only=True)  # type: ignore[list-item]  # a class
    return keywords, JsonOutputKeyToolsParser(key_name=name, first_tool_only=True)


def by_schema(schema: Schema | None, strict: bool | None) -> Way:
    """Ask for JSON of a schema."""
    function = convert_to_openai_tool(_needed(schema, "json_schema"), strict=strict)["function"]
    form = {"name": function["name"], "schema": function.get("parameters", {})}
    form.update({name: function[name] for name in ("description", "strict") if name in function})
    return {"response_format": {"type": "json_schema", "json_schema": form}}, _reader(schema)


def by_mode(schema: Schema | None, strict: bool | None) -> Way:
    """Ask for JSON; the prompt says of which form."""
    if strict is not None:
        raise ValueError("strict= has no meaning with method='json_mode': leave it out, or take 'json_schema'")
    return {"response_format": {"type": "json_object"}}, _reader(schema)


def _needed(schema: Schema | None, method: str) -> Schema:
    if schema is None:
        raise ValueError(f"schema= must be given with method={method!r}; without one there is 'json_mode'")
    return schema


def _reader(schema: Schema | None) -> Parser:
    return PydanticOutputParser(pydantic_object=schema) if _is_model(schema) else JsonOutputParser()  # type: ignore[arg-type]


def _is_model(schema: Schema | None) -> bool:
    return isinstance(schema, type) and is_basemodel_subclass(schema)


METHODS: dict[str, Callable[[Schema | None, bool | None], Way]] = {
    "function_calling": by_function,
    "json_schema": by_schema,
    "json_mode": by_mode,
}
