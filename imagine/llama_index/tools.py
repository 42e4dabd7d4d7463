"""Tools offered to the model, and its calls of them as LlamaIndex runs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from llama_index.core.llms.llm import ToolSelection

from imagine.exceptions import ImagineDecodeException
from imagine.llama_index.messages import wire_tool_calls
from imagine.llama_index.typed import begun_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import ChatResponse
    from llama_index.core.tools.types import BaseTool

__all__ = ["choice", "offers", "selections"]

_CHOICES = {"auto": "auto", "none": "none", "required": "required", "any": "required"}


def offers(tools: Sequence[BaseTool]) -> list[dict[str, Any]]:
    """Describe tools to the model, under the names by which LlamaIndex finds them again."""
    return [{"type": "function", "function": _function(tool)} for tool in tools]


def _function(tool: BaseTool) -> dict[str, Any]:
    about = tool.metadata
    parameters = cast("dict[str, Any]", about.get_parameters_dict())  # pyright: ignore[reportUnknownMemberType]
    return {"name": about.get_name(), "description": about.description, "parameters": parameters}


def choice(wanted: object, *, required: bool, tools: Sequence[BaseTool]) -> str | dict[str, Any] | None:
    """Return a `tool_choice` as the service takes it; None leaves it to the service. ValueError for an unknown tool."""
    if wanted is None:
        return "required" if required else None
    if wanted is True:
        return "required"
    if isinstance(wanted, dict):
        return cast("dict[str, Any]", wanted)
    names = [tool.metadata.get_name() for tool in tools]
    if wanted in names:
        return {"type": "function", "function": {"name": wanted}}
    if isinstance(wanted, str) and wanted in _CHOICES:
        return _CHOICES[wanted]
    raise ValueError(f"tool_choice must be one of {', '.join(_CHOICES)}, or of the tools {names}, not {wanted!r}")


def selections(response: ChatResponse) -> list[ToolSelection]:
    """Return the calls that a response asks for, whose arguments are as far as they came while it is streamed.

    Raises ImagineDecodeException for arguments of a whole response that are no JSON object: a tool must not be run
    with a part of them, as of an answer that `max_tokens` cut.
    """
    is_whole = "finish_reason" in response.additional_kwargs  # pyright: ignore[reportUnknownMemberType]
    calls = wire_tool_calls(response.message)
    return [_selection(call, is_whole=is_whole) for call in calls if is_whole or call["function"]["name"]]


def _selection(call: dict[str, Any], *, is_whole: bool) -> ToolSelection:
    name, text = call["function"]["name"], call["function"]["arguments"]
    arguments = _object(text) if is_whole else _begun(text)
    if arguments is None:
        raise ImagineDecodeException(
            f"the model's call of {name!r} has arguments that are no JSON object: {text[:200]!r}; "
            "where the answer was cut, raise max_tokens"
        )
    return ToolSelection(tool_id=call["id"] or "", tool_name=name, tool_kwargs=arguments)


def _object(text: str) -> dict[str, Any] | None:
    """Return the object that a text is, where no text stands for an empty one; None where it is another thing."""
    try:
        value: object = json.loads(text or "{}")
    except ValueError:
        return None
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _begun(text: str) -> dict[str, Any]:
    try:
        value: object = begun_json(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
