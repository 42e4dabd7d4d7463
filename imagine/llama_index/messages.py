"""Messages of LlamaIndex as the service takes them, and the service's answers as LlamaIndex takes them."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import (
    CachePoint,
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine.types import chat_completions as service
    from imagine.types.common import FinishReason, UsageInfo
    from imagine.types.completions import CompletionResponse as ServiceCompletion

__all__ = ["chat_response", "completion_response", "sent_messages", "wire_tool_calls", "with_one_tool_call"]

_ROLES = {
    MessageRole.DEVELOPER: "system",
    MessageRole.CHATBOT: "assistant",
    MessageRole.MODEL: "assistant",
    MessageRole.FUNCTION: "tool",
}
"""Roles that the service knows under another name."""
_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def sent_messages(messages: Sequence[ChatMessage]) -> list[dict[str, Any]]:
    """Return messages as the service takes them, without reasoning and hints for caches.

    TypeError for a block that it has no form for, ValueError for an image of an unknown kind; both say where.
    """
    return [_sent(message, f"messages[{place}]") for place, message in enumerate(messages)]


def _sent(message: ChatMessage, where: str) -> dict[str, Any]:
    role = _ROLES.get(message.role, message.role.value)
    sent: dict[str, Any] = {"role": role, "content": _content(message, where)}
    if role == "assistant" and (calls := wire_tool_calls(message)):
        sent["tool_calls"] = calls
    elif sent["content"] is None:
        sent["content"] = ""
    if role == "tool":
        sent["tool_call_id"] = message.additional_kwargs.get("tool_call_id")
    if name := message.additional_kwargs.get("name"):
        sent["name"] = name
    return sent


def _content(message: ChatMessage, where: str) -> str | list[dict[str, Any]] | None:
    parts: list[dict[str, Any]] = []
    for block in message.blocks:
        if isinstance(block, TextBlock):
            parts.append({"type": "text", "text": block.text})
        elif isinstance(block, ImageBlock):
            parts.append({"type": "image_url", "image_url": _image(block, where)})
        elif not isinstance(block, ThinkingBlock | ToolCallBlock | CachePoint):
            raise TypeError(f"{where}: the service takes texts and images, no {type(block).__name__}")
    has_images = any(part["type"] == "image_url" for part in parts)
    return parts if has_images else message.content


def _image(block: ImageBlock, where: str) -> dict[str, str]:
    detail = {"detail": block.detail} if block.detail else {}
    if block.url is not None:
        return {"url": str(block.url), **detail}
    data: bytes = block.resolve_image().read()
    kind = block.image_mimetype or ImageBlock(image=data).image_mimetype
    if kind is None:
        raise ValueError(f"{where}: the kind of an image cannot be told from its bytes: set its image_mimetype=")
    return {"url": f"data:{kind};base64,{b64encode(data).decode()}", **detail}


def wire_tool_calls(message: ChatMessage) -> list[dict[str, Any]]:
    """Return the tool calls of a message in the service's shape, from its blocks or else its `additional_kwargs`."""
    blocks = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
    if not blocks:
        return list(message.additional_kwargs.get("tool_calls") or ())
    return [_wire_call(block.tool_call_id, block.tool_name, block.tool_kwargs) for block in blocks]


def _wire_call(call_id: str | None, name: str, arguments: dict[str, Any] | str) -> dict[str, Any]:
    text = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": text}}


def chat_response(
    answer: service.ChatCompletionResponse, raw: dict[str, Any], delta: str | None = None, thinking: str | None = None
) -> ChatResponse:
    """Return an answer, whole or as far as it came, with its next piece.

    `additional_kwargs` has the finish reason as soon as there is one, also where it is None, and counts of tokens.
    """
    choice = _first(answer)
    facts = _facts(choice.finish_reason, answer.usage, whole=delta is None)
    if thinking:
        facts["thinking_delta"] = thinking
    return ChatResponse(message=_message(choice.message), raw=raw, delta=delta, additional_kwargs=facts)


def _message(message: service.ChatMessage) -> ChatMessage:
    blocks: list[ContentBlock] = []
    if reasoning := message.reasoning_content or message.reasoning:
        blocks.append(ThinkingBlock(content=reasoning))
    blocks += [TextBlock(text=text) for text in _texts(message.content)]
    calls = [_named_call(call, place) for place, call in enumerate(message.tool_calls or ())]
    for call in calls:
        asked = call["function"]
        blocks.append(ToolCallBlock(tool_call_id=call["id"], tool_name=asked["name"], tool_kwargs=asked["arguments"]))
    beside = {"tool_calls": calls, "refusal": message.refusal}
    present = {name: value for name, value in beside.items() if value}
    return ChatMessage(role=MessageRole.ASSISTANT, blocks=blocks, additional_kwargs=present)


def _texts(content: str | list[dict[str, Any]] | None) -> list[str]:
    if isinstance(content, list):
        return [str(part["text"]) for part in content if part.get("type") == "text" and "text" in part]
    return [content] if content else []


# Some services send no ids. LlamaIndex tells results apart by them, and so do those services where they come back.
def _named_call(call: service.ChatMessageToolCall, place: int) -> dict[str, Any]:
    function = call.function
    name, arguments = (function.name, function.arguments) if function else (None, None)
    return _wire_call(call.id or f"call_{place}", name or "", arguments or "")


def with_one_tool_call(message: ChatMessage) -> ChatMessage:
    """Return a message with the first of its calls alone."""
    calls = [block for block in message.blocks if isinstance(block, ToolCallBlock)]
    blocks = [block for block in message.blocks if block not in calls[1:]]
    facts = dict(message.additional_kwargs)
    if "tool_calls" in facts:
        facts["tool_calls"] = facts["tool_calls"][:1]
    return ChatMessage(role=message.role, blocks=blocks, additional_kwargs=facts)


def completion_response(answer: ServiceCompletion, raw: dict[str, Any], delta: str | None = None) -> CompletionResponse:
    """Return a continuation, whole or as far as it came, with its next piece."""
    choice = _first(answer)
    facts = _facts(choice.finish_reason, answer.usage, whole=delta is None)
    return CompletionResponse(text=choice.text, raw=raw, delta=delta, additional_kwargs=facts)


def _facts(reason: FinishReason | None, usage: UsageInfo | None, *, whole: bool) -> dict[str, Any]:
    counts = {name: getattr(usage, name, None) for name in _COUNTS}
    facts: dict[str, Any] = {name: count for name, count in counts.items() if count is not None}
    if whole or reason is not None:
        facts["finish_reason"] = reason and str(reason)
    return facts


def _first(answer: Any) -> Any:
    """Return the choice that LlamaIndex takes; ImagineException where there is none: an empty text would be made up."""
    if not answer.choices:
        raise ImagineException(f"the answer of model {answer.model!r} has no choices")
    return answer.choices[0]
