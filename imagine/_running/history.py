"""An answer as it is sent back, so that no service refuses the conversation for what a model wrote."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine._running.turns import ToolCall
from imagine.types.chat_completions import ChatMessage, ChatMessageToolCall, Function

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from imagine._running.turns import ToolResult
    from imagine.types.chat_completions import ChatCompletionResponse

__all__ = ["calls_of", "is_cut", "is_object", "said", "told"]

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]")


def calls_of(answer: ChatCompletionResponse, turn: int, messages: Iterable[object]) -> list[ToolCall]:
    """Return the calls in an answer, each with an id that is nowhere else in the conversation."""
    asked = (answer.choices[0].message.tool_calls or []) if answer.choices else []
    taken, calls = _ids(messages) if asked else set[object](), list[ToolCall]()
    for call in asked:
        function = call.function or Function()
        name = call.id if call.id and call.id not in taken else _new_id(turn, len(calls) + 1, taken)
        taken.add(name)
        calls.append(ToolCall(name, function.name or "", function.arguments or ""))
    return calls


def _new_id(turn: int, place: int, taken: Container[object]) -> str:
    while (made := f"call_{turn}_{place}") in taken:
        place += 1
    return made


def _ids(messages: Iterable[object]) -> set[object]:
    """Return the ids of all calls in a conversation; its messages are data classes or dicts."""
    calls = [call for message in messages for call in _member(message, "tool_calls") or ()]
    return {_member(call, "id") for call in calls}


def _member(value: object, name: str) -> Any:
    return cast("dict[str, Any]", value).get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def said(answer: ChatCompletionResponse, calls: Sequence[ToolCall], known: Container[str]) -> list[ChatMessage]:
    """Return an answer's message as it is sent back; none where it has no choice.

    Services read the calls in a conversation anew with each request, and refuse it for ever after where one is amiss:
    arguments that are no JSON object become `{}`, and names that no tool can have lose what is wrong with them.
    """
    if not answer.choices:
        return []
    message = answer.choices[0].message
    content = message.content if calls or message.content else ""
    sent = [_sent(call, known) for call in calls] or None
    return [msgspec.structs.replace(message, role="assistant", content=content, tool_calls=sent)]


def _sent(call: ToolCall, known: Container[str]) -> ChatMessageToolCall:
    name = call.name if call.name in known else _NOT_IN_NAMES.sub("_", call.name) or "unnamed"
    arguments = call.arguments if is_object(call.arguments) else "{}"
    return ChatMessageToolCall(id=call.id, type="function", function=Function(name=name, arguments=arguments))


def told(result: ToolResult) -> ChatMessage:
    """Return the message that tells the model what came of a call."""
    return ChatMessage(role="tool", tool_call_id=result.call.id, name=result.call.name, content=result.content)


def is_object(text: str) -> bool:
    """Tell whether a text is a whole object of JSON."""
    with suppress(msgspec.DecodeError, RecursionError):
        return isinstance(msgspec.json.decode(text), dict)
    return False


def is_cut(answer: ChatCompletionResponse, max_tokens: object) -> bool:
    """Tell whether an answer ended at its limit, also where the service does not say so."""
    used = answer.usage.completion_tokens if answer.usage else None
    reason = answer.choices[0].finish_reason if answer.choices else None
    return reason == "length" or (isinstance(max_tokens, int) and used is not None and used >= max_tokens)
