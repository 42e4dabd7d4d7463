"""Decides whether a chat request is answered with a tool call, and which tool is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine.server.engines.text.conversation import last_user_text
from imagine.server.engines.tokens import content_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imagine.types.chat_completions import ChatCompletionRequest, ChatMessage, FunctionTool

_NAME_WEIGHT, _DESCRIPTION_WEIGHT, _ENOUGH = 2, 1, 2


def chosen_tool(request: ChatCompletionRequest) -> FunctionTool | None:
    """Return the tool to call; None for an answer in text.

    "required" calls the tool that fits the last user message best, a named function is called, "none" calls nothing.
    With "auto", the default, a tool is called when the last message is the user's and shares enough with the tool: one
    word of its name, or two of its description (common words don't count; the best tool wins, then the first).
    ValueError for a choice that isn't one of these or names no tool of the request.
    """
    tools = [tool.function for tool in request.tools or ()]
    match request.tool_choice:
        case "none":
            return None
        case None | "auto":
            return _mentioned(tools, request.messages)
        case "required":
            return _required(tools, request.messages)
        case dict() as choice:
            return _named(tools, choice)
        case other:
            raise ValueError(f'tool_choice must be "auto", "none", "required" or a named function, not {other!r}.')


def _mentioned(tools: Sequence[FunctionTool], messages: Sequence[ChatMessage]) -> FunctionTool | None:
    if not tools or messages[-1].role != "user":
        return None
    best = _best(tools, messages)
    return best if _score(best, last_user_text(messages)) >= _ENOUGH else None


def _required(tools: Sequence[FunctionTool], messages: Sequence[ChatMessage]) -> FunctionTool:
    if not tools:
        raise ValueError('tool_choice "required" needs at least one tool in tools.')
    return _best(tools, messages)


def _named(tools: Sequence[FunctionTool], choice: Mapping[str, object]) -> FunctionTool:
    match choice:
        case {"type": "function", "function": {"name": str(name)}}:
            found = next((tool for tool in tools if tool.name == name), None)
        case _:
            raise ValueError('tool_choice must look like {"type": "function", "function": {"name": …}}.')
    if found is None:
        names = ", ".join(tool.name for tool in tools) or "none"
        raise ValueError(f"tool_choice names the function {name!r}; the request's tools are: {names}.")
    return found


def _best(tools: Sequence[FunctionTool], messages: Sequence[ChatMessage]) -> FunctionTool:
    asked = last_user_text(messages)
    return max(tools, key=lambda tool: _score(tool, asked))


def _score(tool: FunctionTool, asked: str) -> int:
    said = set(content_words(asked))
    in_name = said.intersection(content_words(tool.name))
    in_description = said.intersection(content_words(tool.description or "")) - in_name
    return _NAME_WEIGHT * len(in_name) + _DESCRIPTION_WEIGHT * len(in_description)
