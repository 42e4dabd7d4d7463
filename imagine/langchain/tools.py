"""Tools as the service reads them, and which of them a model has to call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

__all__ = ["Tool", "ToolChoice", "tool_keywords"]

Tool: TypeAlias = "dict[str, Any] | type | Callable[..., Any] | BaseTool"
ToolChoice: TypeAlias = "dict[str, Any] | str | bool | None"

_CHOICES: dict[object, str] = {
    "any": "required",
    True: "required",
    "required": "required",
    "auto": "auto",
    "none": "none",
}


def tool_keywords(tools: Sequence[Tool], choice: ToolChoice, strict: bool | None) -> dict[str, Any]:
    """Return the keywords that offer tools; without any, none. ValueError for a choice that is none of them."""
    sent = [convert_to_openai_tool(tool, strict=strict) for tool in tools]
    if not sent:
        return {}
    return {"tools": sent, **({"tool_choice": _chosen(choice, sent)} if choice else {})}


def _chosen(choice: dict[str, Any] | str | bool, tools: Sequence[dict[str, Any]]) -> dict[str, Any] | str:
    if isinstance(choice, dict):
        return choice
    names = [tool.get("function", {}).get("name") for tool in tools]
    if choice in names:
        return {"type": "function", "function": {"name": choice}}
    if choice not in _CHOICES:
        raise ValueError(f"tool_choice= {choice!r} is none of the tools {', '.join(map(repr, names))}")
    return _CHOICES[choice]
