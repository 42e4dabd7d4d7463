"""What is handed over while a run goes on: the calls that a model asks for, what came of them, whole turns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from imagine.types.chat_completions import ChatCompletionResponse, ChatCompletionStreamResponse, ChatMessage

__all__ = ["Event", "Messages", "ToolCall", "ToolResult", "Turn"]

Messages: TypeAlias = list[ChatMessage | Mapping[str, Any]]


class ToolCall(msgspec.Struct, frozen=True):
    """A model asks for a tool."""

    id: str
    """By which the result names it."""
    name: str
    """Which tool it asks for; there may be none of that name."""
    arguments: str
    """What it sent, as it came."""
    values: dict[str, Any] | None = None
    """The arguments as the function takes them; None where they do not fit, or there is no such function."""

    @property
    def first_content(self) -> None:
        """None, as of all that is no piece of text."""


class ToolResult(msgspec.Struct, frozen=True):
    """What came of one call."""

    call: ToolCall
    """The call."""
    content: str
    """What the model is told."""
    value: object = None
    """What the function returned."""
    error: Exception | None = None
    """What it raised, or why it was not called."""
    seconds: float = 0.0
    """How long it took."""

    @property
    def first_content(self) -> None:
        """None, as of all that is no piece of text."""


class Turn(msgspec.Struct, frozen=True):
    """One answer of the model, and what came of the calls that it asked for."""

    number: int
    """From 1."""
    answer: ChatCompletionResponse
    """The answer."""
    results: tuple[ToolResult, ...] = ()
    """In the order of the calls; none where the model answered in text."""

    @property
    def first_content(self) -> None:
        """None, as of all that is no piece of text."""


Event: TypeAlias = ChatCompletionStreamResponse | ToolCall | ToolResult | Turn
"""What a run that streams is iterated in."""
