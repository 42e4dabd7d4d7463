"""What was said, in the form that the conventions have for it; used only where it is to be captured."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine._record import member_of
from imagine.otel import names

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["asked", "told"]

Part = dict[str, Any]


def asked(content: bytes) -> dict[str, str]:
    """Return the attributes of a request's body: its messages or its prompt, and its tools."""
    body = msgspec.json.decode(content)
    if not isinstance(body, dict):
        return {}
    request = cast("dict[str, Any]", body)
    messages = request.get("messages") or [{"role": "user", "content": request.get("prompt")}]
    attributes = {names.INPUT_MESSAGES: _json([_message(message) for message in messages])}
    if tools := request.get("tools"):
        attributes[names.TOOL_DEFINITIONS] = _json(tools)
    return attributes


def told(answer: object, *, failed: bool) -> dict[str, str]:
    """Return the attribute of an answer, or of what came of it; none where it has no text, such as an image."""
    choices = member_of(answer, "choices")
    listed = cast("list[object]", choices) if isinstance(choices, list) else []
    messages = [_choice(choice, "error" if failed else None) for choice in listed]
    return {names.OUTPUT_MESSAGES: _json(messages)} if messages else {}


def _choice(choice: object, unfinished: str | None) -> Part:
    message, reason = getattr(choice, "message", None), getattr(choice, "finish_reason", None) or unfinished
    said: Part = {"role": "assistant", "parts": [_text(getattr(choice, "text", None) or "")]}
    if message is not None:
        said = _message(msgspec.to_builtins(message))
    return {**said, "finish_reason": reason} if reason else said


def _message(message: Mapping[str, Any]) -> Part:
    role, content = message.get("role"), message.get("content")
    if role == "tool":
        response = {"type": "tool_call_response", "id": message.get("tool_call_id"), "response": content}
        return {"role": role, "parts": [response]}
    parts = [{"type": "reasoning", "content": text} for text in [message.get("reasoning_content")] if text]
    parts += [_text(content)] if isinstance(content, str) else [_part(piece) for piece in content or ()]
    parts += [_tool_call(call) for call in message.get("tool_calls") or ()]
    return {"role": role, "parts": parts}


def _text(text: str) -> Part:
    return {"type": "text", "content": text}


def _part(piece: Part) -> Part:
    if piece.get("type") == "text":
        return _text(piece["text"])
    if piece.get("type") == "image_url":
        return {"type": "uri", "modality": "image", "uri": piece["image_url"]["url"]}
    return piece  # the conventions allow any other, with a type


def _tool_call(call: Mapping[str, Any]) -> Part:
    function: Mapping[str, Any] = call.get("function") or {}
    arguments: Any = function.get("arguments")
    with suppress(msgspec.MsgspecError):  # the model wrote no JSON: what it wrote is told
        arguments = msgspec.json.decode(arguments or "{}")
    return {"type": "tool_call", "id": call.get("id"), "name": function.get("name"), "arguments": arguments}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
