"""Plain completion: a prompt in, its continuation out."""

from __future__ import annotations

from typing import Any, cast

from msgspec import field

from imagine.types.answer import Answer
from imagine.types.base import PlainDTO
from imagine.types.common import NULL, DeltaMessage, FinishReason, LLMSamplingParams, UsageInfo
from imagine.types.decoding import Decoding

__all__ = [
    "COMPLETION_CHUNK",
    "COMPLETION_HISTORY",
    "COMPLETION_RESPONSE",
    "CompletionRequest",
    "CompletionResponse",
    "CompletionResponseChoice",
    "CompletionResponseStreamChoice",
    "CompletionStreamResponse",
]


class CompletionRequest(LLMSamplingParams, kw_only=True):
    """Body of POST completions."""

    prompt: str
    """The text to continue."""
    model: str
    """Name of the model."""
    stream: bool
    """Whether the answer comes as a stream of chunks."""


class CompletionResponseChoice(PlainDTO, kw_only=True):
    """One of the alternative continuations; what the service leaves out is 0, "" or None."""

    index: int = 0
    """Its place among the alternatives."""
    text: str
    """The text that the model wrote."""
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
        if members.get("text") is not None:
            return members
        said = cast("object", members.get("message") or members.get("delta"))
        text = cast("dict[str, Any]", said).get("content") if isinstance(said, dict) else said
        return {**members, "text": "" if text is None else text}


class CompletionResponse(Answer, kw_only=True):
    """A complete answer; what the service leaves out is "", 0 or None. Only `choices` is required."""

    id: str = ""
    """Identifies the answer."""
    object: str = ""
    """Kind of object: "completion", or "text_completion"."""
    created: int | float = 0.0
    """When the answer was made, in seconds since 1970."""
    model: str = ""
    """Name of the model."""
    choices: list[CompletionResponseChoice]
    """The alternative continuations; may be empty."""
    usage: UsageInfo | None = None
    """Tokens that the request took."""
    generation_time: float | None = None
    """Time that the generation took, in seconds."""
    system_fingerprint: str | None = None
    """Which configuration of the service answered."""
    service_tier: str | None = None
    """Which tier of the service answered."""

    def __post_init__(self) -> None:
        if self.usage is None and len(self.choices) == 1:
            self.usage = self.choices[0].usage

    @property
    def first_text(self) -> str | None:
        """Text of the first choice; None without a choice."""
        return self.choices[0].text if self.choices else None


class CompletionResponseStreamChoice(PlainDTO, kw_only=True):
    """The next piece of one of the alternatives; what the service leaves out is 0, an empty piece, or None."""

    index: int = 0
    """The place of the alternative that it belongs to."""
    delta: DeltaMessage = field(default_factory=DeltaMessage)
    """The piece; `delta.content` has the text, in whichever field the service sends it."""
    finish_reason: FinishReason | None = None
    """Why the model stopped; None until it has."""
    text: str | None = None
    """The text once more, where the service sends it here (llama.cpp, vLLM) rather than in `delta`."""
    logprobs: dict[str, Any] | None = None
    """Probabilities of the piece's tokens, as the service tells them."""
    stop_reason: int | str | None = None
    """The stop sequence, or the id of the token, that ended it (vLLM)."""

    def __post_init__(self) -> None:
        if self.delta.content is None:
            self.delta.content = self.text


class CompletionStreamResponse(PlainDTO, kw_only=True):
    """A chunk of a streamed answer; what the service leaves out is "" or None. Only `choices` is required."""

    id: str = ""
    """Identifies the answer; the same in all its chunks."""
    model: str = ""
    """Name of the model."""
    choices: list[CompletionResponseStreamChoice]
    """Pieces of the alternatives; empty in a chunk that carries `usage` alone."""
    created: int | float | None = None
    """When the answer was begun, in seconds since 1970."""
    object: str | None = None
    """Kind of object, as the service names it."""
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


COMPLETION_RESPONSE = Decoding(CompletionResponse)
COMPLETION_CHUNK = Decoding(CompletionStreamResponse)
COMPLETION_HISTORY = Decoding(list[tuple[CompletionResponse, CompletionRequest]])
