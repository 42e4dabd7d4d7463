"""Messages of LangChain as the service reads them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, cast

from langchain_core.messages import (
    AIMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.messages import (
    ChatMessage as SpokenMessage,
)

from imagine.types.chat_completions import ChatMessage
from imagine.types.common import ChatMessageToolCall, Function

__all__ = ["messages_for"]

_ROLES: dict[type[BaseMessage], str] = {
    HumanMessage: "user",
    AIMessage: "assistant",
    SystemMessage: "system",
    ToolMessage: "tool",
}
_NOT_SENT_BACK = frozenset(
    {
        *("reasoning", "reasoning_content", "thinking", "redacted_thinking", "refusal"),
        *("tool_call", "tool_call_chunk", "invalid_tool_call", "tool_use", "function_call"),
    }
)
"""Blocks of an answer that services write and do not read, or that are sent as `tool_calls`."""


def messages_for(messages: Sequence[BaseMessage]) -> list[ChatMessage]:
    """Return a conversation; ValueError names the message and what in it the service takes no form of."""
    return [_message(message, f"messages[{place}]") for place, message in enumerate(messages)]


def _message(message: BaseMessage, where: str) -> ChatMessage:
    role = _role(message, where)
    calls = _tool_calls(message) if isinstance(message, AIMessage) else []
    return ChatMessage(
        role=role,
        content=_content(message, role, where) or (None if calls else ""),
        tool_calls=calls or None,
        tool_call_id=message.tool_call_id if isinstance(message, ToolMessage) else None,
        name=message.name or None,
    )


def _role(message: BaseMessage, where: str) -> str:
    if isinstance(message, SpokenMessage):
        return message.role
    role = next((role for kind, role in _ROLES.items() if isinstance(message, kind)), None)
    if role is None:
        raise ValueError(
            f"{where} is a {type(message).__name__}: the service takes human, AI, system and tool messages"
        )
    return role


def _content(message: BaseMessage, role: str, where: str) -> str | list[dict[str, Any]]:
    """Return a text, or parts; the texts of an answer, which may be pieces of one, are joined again."""
    content = cast("str | list[str | dict[str, Any]]", message.content)
    if isinstance(content, str):
        return str(content)
    parts = [_part(block, f"{where}.content[{place}]") for place, block in enumerate(content)]
    sent = [part for part in parts if part is not None]
    if role == "assistant" and all(part["type"] == "text" for part in sent):
        return "".join(part["text"] for part in sent)
    return sent


def _part(block: str | dict[str, Any], where: str) -> dict[str, Any] | None:
    """Return a block as a part of a message; None for what is not sent back."""
    if isinstance(block, str):
        return {"type": "text", "text": block}
    kind = block.get("type")
    if kind in _NOT_SENT_BACK:
        return None
    made = _PARTS.get(str(kind), _nothing)(block)
    if made is None:
        raise ValueError(f"{where} is a block of type {kind!r} that cannot be sent: the service takes {_TAKEN}")
    return made


_TAKEN = "texts, and images by url or as base64 with their mime_type"


def _text(block: dict[str, Any]) -> dict[str, Any] | None:
    return {"type": "text", "text": block["text"]} if isinstance(block.get("text"), str) else None


def _image(block: dict[str, Any]) -> dict[str, Any] | None:
    data = block.get("base64") or block.get("data")
    url = block.get("url") or (f"data:{block['mime_type']};base64,{data}" if data and "mime_type" in block else None)
    return {"type": "image_url", "image_url": {"url": url}} if url else None


def _image_url(block: dict[str, Any]) -> dict[str, Any] | None:
    image = block.get("image_url")
    return {"type": "image_url", "image_url": {"url": image} if isinstance(image, str) else image} if image else None


def _nothing(_block: dict[str, Any]) -> None:
    return None


_PARTS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {
    "text": _text,
    "image": _image,
    "image_url": _image_url,
}


def _tool_calls(message: AIMessage) -> list[ChatMessageToolCall]:
    """Return the calls that a model asked for, those with arguments that are no JSON as they were."""
    calls = [(call["id"], call["name"], _json(call["args"])) for call in message.tool_calls]
    calls += [(call["id"], call["name"] or "", call["args"] or "") for call in message.invalid_tool_calls]
    return [
        ChatMessageToolCall(id=id_, type="function", function=Function(name=name, arguments=arguments))
        for id_, name, arguments in calls
    ]


def _json(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, ensure_ascii=False)
