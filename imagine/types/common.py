"""What several endpoints share: sampling, token counts, finish reasons, and the pieces of a streamed message."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from imagine.types.base import DTO, PlainDTO

__all__ = ["NULL", "ChatMessageToolCall", "DeltaMessage", "FinishReason", "Function", "LLMSamplingParams", "UsageInfo"]

NULL: str = "null"
"""What koboldcpp and ai00 send as a finish reason where null is meant."""


class FinishReason(StrEnum):
    """Why the model stopped; a reason that is not listed here is kept as it came, and equals its string."""

    stop = "stop"
    """It came to a natural end or to a stop sequence. Some services say so too where `max_tokens` cut the text."""
    length = "length"
    """The token limit was reached."""
    error = "error"
    """Generation failed."""
    tool_calls = "tool_calls"
    """It asks for tools to be called."""

    @classmethod
    def _missing_(cls, value: object) -> FinishReason | None:
        """Make a member for an unknown reason; it is not registered, so memory does not grow with what services say."""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member

    @classmethod
    def __get_pydantic_json_schema__(cls, core: dict[str, Any], handler: Any) -> dict[str, Any]:
        from imagine.types.pydantic_schema import open_enum  # only who uses pydantic asks for it

        return open_enum(core, handler)


class Function(PlainDTO, kw_only=True, omit_defaults=True):
    """The function that a tool call names; in a stream the texts arrive in pieces."""

    name: str | None = None
    """Name of the function."""
    arguments: str | None = None
    """Its arguments as JSON text, as the model wrote it: it may be no valid JSON."""

    @classmethod
    def _in_own_form(cls, members: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(members.get("arguments"), dict | list):
            return members
        import json  # Ollama and its kin alone need it

        return {**members, "arguments": json.dumps(members["arguments"])}


class ChatMessageToolCall(PlainDTO, kw_only=True, omit_defaults=True):
    """A call of a tool that the model asks for."""

    id: str | None = None
    """Identifies the call; the message with the result repeats it as `tool_call_id`."""
    type: str | None = None
    """Kind of tool: "function"."""
    function: Function | None = None
    """What to call, with which arguments."""
    index: int | None = None
    """Which call of the message a streamed piece belongs to, from 0; None outside streams."""


class DeltaMessage(PlainDTO, kw_only=True):
    """A piece of a message, as a stream delivers it."""

    role: str | None = None
    """Who speaks: user, assistant or system; usually named once, in the first piece."""
    content: str | None = None
    """The next piece of text."""
    tool_calls: list[ChatMessageToolCall] | None = None
    """Pieces of tool calls, to be merged by their `index`."""
    reasoning_content: str | None = None
    """The next piece of the model's reasoning, where the service separates it from the text."""
    reasoning: str | None = None
    """The next piece of the reasoning, under the name that others use (vLLM, OpenRouter)."""
    refusal: str | None = None
    """The next piece of a refusal, where the service separates it from the text."""
    annotations: list[dict[str, Any]] | None = None
    """Notes on the text, such as the addresses that it cites."""
    audio: dict[str, Any] | None = None
    """The next piece of speech."""


class UsageInfo(PlainDTO, kw_only=True):
    """Tokens that a request took; None where the service does not count them."""

    prompt_tokens: int | None = None
    """Tokens of the prompt."""
    total_tokens: int | None = None
    """Tokens of prompt and completion together."""
    completion_tokens: int | None = None
    """Generated tokens."""
    prompt_tokens_details: dict[str, Any] | None = None
    """What the tokens of the prompt were, such as `{"cached_tokens": 128}`."""
    completion_tokens_details: dict[str, Any] | None = None
    """What the generated tokens were, such as `{"reasoning_tokens": 256}`."""


class LLMSamplingParams(DTO, kw_only=True, omit_defaults=True):
    """How a model picks its tokens; every field defaults to None, which leaves the choice to the service."""

    frequency_penalty: float | None = None
    """From -2.0 to 2.0: above 0, a token gets less likely with each time that the text has it already."""
    presence_penalty: float | None = None
    """From -2.0 to 2.0: above 0, tokens that the text has already get less likely, however often it has them."""
    repetition_penalty: float | None = None
    """Above 1, tokens of the prompt and the text so far get less likely; below 1, more likely."""
    stop: str | list[str] | None = None
    """A text that ends the generation, or several; the one that was met is part of the answer."""
    max_seconds: int | None = None
    """Limit of the generation, in seconds. The service documents nothing but the name."""
    ignore_eos: bool | None = None
    """Whether to go on generating after the end-of-sequence token."""
    skip_special_tokens: bool | None = None
    """Whether to leave special tokens out of the text."""
    stop_token_ids: list[list[int]] | None = None
    """Token sequences that end the generation; they are part of the answer, unless they are special tokens."""
    max_tokens: int | None = None
    """The most tokens to generate."""
    temperature: float | None = None
    """From 0 to 2: about 0.2 gives focused and repeatable text, about 0.8 varied text."""
    top_k: int | None = None
    """How many of the likeliest tokens to pick from; -1 means all of them."""
    top_p: float | None = None
    """From 0 to 1: pick from the likeliest tokens that together have this probability. Change it or `temperature`."""
    stream_options: dict[str, Any] | None = None
    """Options of a stream, like `{"include_usage": True}` for a last chunk with the token counts."""
    seed: int | None = None
    """Starting point of the random choice: the same seed and request give the same text, as far as the service can."""
