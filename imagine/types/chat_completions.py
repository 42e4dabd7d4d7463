"""Chat: messages in, a message or its pieces out."""

from __future__ import annotations

from typing import Any

from msgspec import field

from imagine.types.answer import Answer
from imagine.types.base import DTO, PlainDTO, null
from imagine.types.common import (
    NULL,
    ChatMessageToolCall,
    DeltaMessage,
    FinishReason,
    Function,
    LLMSamplingParams,
    UsageInfo,
)
from imagine.types.decoding import Decoding

__all__ = [
    "CHAT_CHUNK",
    "CHAT_HISTORY",
    "CHAT_RESPONSE",
    "ChatCompletionRequest",
    "ChatCompletionResponse",
    "ChatCompletionResponseChoice",
    "ChatCompletionResponseStreamChoice",
    "ChatCompletionStreamResponse",
    "ChatMessage",
    "ChatMessageToolCall",
    "DeltaMessage",
    "Function",
    "FunctionTool",
    "Tools",
]


class ChatMessage(DTO, kw_only=True, omit_defaults=True):
    """One message of a conversation."""

    role: str = field(default_factory=str)
    """Who speaks: user, assistant, system or tool; "" in an answer that does not say."""
    content: str | list[dict[str, Any]] | None = field(default_factory=null)
    """The text, or a list of parts (text, images); None beside tool calls, which is sent as null."""
    tool_calls: list[ChatMessageToolCall] | None = None
    """Tools that the model asks to be called; an empty list is not sent."""
    tool_call_id: str | None = None
    """In a message of role tool: which call it answers."""
    name: str | None = None
    """Name of the speaker, to tell apart speakers of the same role."""
    reasoning_content: str | None = None
    """The model's reasoning, where the service separates it from the text; it is not sent back."""
    reasoning: str | None = None
    """The model's reasoning, under the name that others use (vLLM, OpenRouter); it is not sent back."""
    refusal: str | None = None
    """Why the model refuses to answer, where the service separates it from the text."""
    annotations: list[dict[str, Any]] | None = None
    """Notes on the text, such as the addresses that it cites; they are not sent back."""
    audio: dict[str, Any] | None = None
    """Speech in place of text, or beside it."""


class FunctionTool(DTO, kw_only=True, omit_defaults=True):
    """A function that the model may ask to be called."""

    name: str
    """Name of the function."""
    description: str | None = None
    """What it does: the model decides by this whether to call it."""
    parameters: dict[str, Any] | None = None
    """JSON Schema of its arguments."""


class Tools(DTO, kw_only=True, omit_defaults=True):
    """A tool that a chat request offers to the model."""

    type: str
    """Kind of tool: "function"."""
    function: FunctionTool
    """The function behind it."""


class ChatCompletionRequest(LLMSamplingParams, kw_only=True):
    """Body of POST chat/completions."""

    messages: list[ChatMessage]
    """The conversation so far, oldest message first."""
    model: str
    """Name of the model."""
    stream: bool
    """Whether the answer comes as a stream of chunks."""
    tools: list[Tools] | None = None
    """Tools that the model may ask for."""
    tool_choice: str | dict[str, Any] | None = None
    """Whether it has to: "none", "auto", "required", or an object that names one tool."""
    response_format: dict[str, Any] | None = None
    """Form of the answer, like `{"type": "json_object"}`; services may ignore it without a word."""


class ChatCompletionResponseChoice(PlainDTO, kw_only=True):
    """One of the alternative answers; what the service leaves out is 0, an empty message, or None."""

    index: int = 0
    """Its place among the alternatives."""
    message: ChatMessage
    """The message that the model wrote."""
    finish_reason: FinishReason | None = None
    """Why the model stopped."""
    logprobs: dict[str, Any] | None = None
    """Probabilities of the tokens, as the service tells them."""
    stop_reason: int | str | None = None
    """The stop sequence, or the id of the token, that ended it (vLLM)."""
    usage: UsageInfo | None = None
    """Tokens that the request took, where the service counts them here; the answer's `usage` is the same then."""

    def __post_init__(self) -> None:
        if self.finish_reason == NULL:
            self.finish_reason = None

    @classmethod
    def _in_own_form(cls, members: dict[str, Any]) -> dict[str, Any]:
        if members.get("message") is not None:
            return members
        return {**members, "message": members.get("delta") or {"content": members.get("text")}}


class ChatCompletionResponse(Answer, kw_only=True):
    """A complete answer; what the service leaves out is "", 0 or None. Only `choices` is required."""

    id: str = ""
    """Identifies the answer."""
    object: str = ""
    """Kind of object: "chat.completion"."""
    created: int | float = 0.0
    """When the answer was made, in seconds since 1970."""
    model: str = ""
    """Name of the model."""
    choices: list[ChatCompletionResponseChoice]
    """The alternative answers; may be empty."""
    usage: UsageInfo | None = None
    """Tokens that the request took."""
    system_fingerprint: str | None = None
    """Which configuration of the service answered."""
    service_tier: str | None = None
    """Which tier of the service answered."""

    def __post_init__(self) -> None:
        if self.usage is None and len(self.choices) == 1:
            self.usage = self.choices[0].usage

    @property
    def first_content(self) -> str | None:
        """Text of the first choice; None without a choice, without text, or where the content is a list of parts."""
        content = self.choices[0].message.content if self.choices else None
        return content if isinstance(content, str) else None

    @property
    def first_reasoning(self) -> str | None:
        """Reasoning of the first choice, under either name; None without a choice or without reasoning."""
        message = self.choices[0].message if self.choices else ChatMessage()
        return message.reasoning_content if message.reasoning_content is not None else message.reasoning


class ChatCompletionResponseStreamChoice(PlainDTO, kw_only=True):
    """The next piece of one of the alternative answers; what the service leaves out is 0, an empty piece, or None."""

    index: int = 0
    """The place of the alternative that it belongs to."""
    delta: DeltaMessage = field(default_factory=DeltaMessage)
    """The piece."""
    finish_reason: FinishReason | None = None
    """Why the model stopped; None until it has."""
    logprobs: dict[str, Any] | None = None
    """Probabilities of the piece's tokens, as the service tells them."""
    stop_reason: int | str | None = None
    """The stop sequence, or the id of the token, that ended it (vLLM)."""


class ChatCompletionStreamResponse(PlainDTO, kw_only=True):
    """A chunk of a streamed answer; what the service leaves out is "" or None. Only `choices` is required."""

    id: str = ""
    """Identifies the answer; the same in all its chunks."""
    model: str = ""
    """Name of the model."""
    choices: list[ChatCompletionResponseStreamChoice]
    """Pieces of the alternative answers; empty in a chunk that carries `usage` alone."""
    created: int | float | None = None
    """When the answer was begun, in seconds since 1970."""
    object: str | None = None
    """Kind of object: "chat.completion.chunk"."""
    usage: UsageInfo | None = None
    """Tokens that the request took, in the last chunk where the service counts them."""
    system_fingerprint: str | None = None
    """Which configuration of the service answers."""
    service_tier: str | None = None
    """Which tier of the service answers."""

    @property
    def first_content(self) -> str | None:
        """Text of the first choice's piece; None without a choice or without text."""
        return self.choices[0].delta.content if self.choices else None

    @property
    def first_reasoning(self) -> str | None:
        """Reasoning of the first choice's piece, under either name; None without a choice or without reasoning."""
        delta = self.choices[0].delta if self.choices else DeltaMessage()
        return delta.reasoning_content if delta.reasoning_content is not None else delta.reasoning


CHAT_RESPONSE = Decoding(ChatCompletionResponse)
CHAT_CHUNK = Decoding(ChatCompletionStreamResponse)
CHAT_HISTORY = Decoding(list[tuple[ChatCompletionResponse, ChatCompletionRequest]])
