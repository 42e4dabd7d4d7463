"""What the messages of a chat say, as plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine.types.chat_completions import ChatMessage


def text_of(message: ChatMessage) -> str:
    """Return a message's text: its content, or the text parts of its content joined by spaces."""
    if isinstance(message.content, list):
        return " ".join(str(part["text"]) for part in message.content if "text" in part)
    return message.content or ""


def last_user_text(messages: Sequence[ChatMessage]) -> str:
    """Return the text of the last user message; "" if there is none."""
    for message in reversed(messages):
        if message.role == "user":
            return text_of(message)
    return ""


def quoted_tool_result(messages: Sequence[ChatMessage]) -> str | None:
    """Return a sentence that quotes the last message if a tool sent it, else None."""
    last = messages[-1]
    return f"{_tool_name(messages)} answered: {text_of(last)}" if last.role == "tool" else None


def _tool_name(messages: Sequence[ChatMessage]) -> str:
    last = messages[-1]
    calls = [call for message in messages for call in message.tool_calls or ()]
    asked = (call.function.name for call in calls if call.id == last.tool_call_id and call.function is not None)
    return last.name or next(asked, None) or "The tool"
