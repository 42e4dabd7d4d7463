"""What an engine is: one Protocol per kind of model, so that a real one can take a stand-in's place.

A bad value in a request raises a ValueError whose message is meant for the caller; the call itself raises it, or the
first step of an iterator, never a later one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imagine.types.chat_completions import ChatCompletionRequest, ChatMessageToolCall
    from imagine.types.common import LLMSamplingParams
    from imagine.types.images import ImageRequest


class Odds(NamedTuple):
    """How likely a token was, and what else could have come in its place; natural logarithms of probabilities."""

    logprob: float
    """Of the token that came."""
    likely: Sequence[tuple[str, float]]
    """Each text that could have come, the likeliest first."""


class Token(NamedTuple):
    """One step of a generation."""

    text: str
    """The piece of text, leading space included; may be "" in the last token."""
    finish_reason: str | None = None
    """Why the generation ended, "stop" or "length", in the last token; None before it."""
    odds: Callable[[], Odds] | None = None
    """Tells how likely it was, where the engine knows."""


class TextEngine(Protocol):
    """Writes text token by token."""

    @property
    def takes_time(self) -> bool:
        """Whether tokens are made in a thread, one answer after the other; False where they are there at once."""
        ...

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        ...

    def complete(self, prompt: str, sampling: LLMSamplingParams) -> Iterator[Token]:
        """Continue a prompt, lazily."""
        ...

    def chat(self, request: ChatCompletionRequest) -> Iterator[Token]:
        """Answer a conversation in text, lazily."""
        ...

    def tool_calls(self, request: ChatCompletionRequest) -> list[ChatMessageToolCall]:
        """Make the tool calls that the request asks for; [] if it is to be answered in text."""
        ...


@runtime_checkable
class QuickTextEngine(TextEngine, Protocol):
    """A text engine that may answer sooner than a thread would start: then it is asked without one."""

    def is_quick(self, sampling: LLMSamplingParams) -> bool:
        """Tell whether an answer to one short text takes no more than about a millisecond.

        Chats come as `ChatCompletionRequest`.
        """
        ...


class EmbeddingEngine(Protocol):
    """Turns a text into a vector of unit length."""

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    def embed(self, text: str) -> list[float]:
        """Embed one text."""
        ...


class RerankEngine(Protocol):
    """Scores documents against a query."""

    def scores(self, query: str, documents: Sequence[str]) -> list[float]:
        """Give each document, in the order given, a score from 0 to 1; higher is more relevant."""
        ...


class TranslationEngine(Protocol):
    """Translates a text."""

    def translate(self, text: str, model: str) -> str:
        """Translate between the languages that the model's name gives."""
        ...


class TranscriptionEngine(Protocol):
    """Turns speech into text."""

    def transcribe(self, audio: BinaryIO, filename: str) -> str:
        """Transcribe a seekable file of any size in bounded memory; the file stays open."""
        ...


class ImageEngine(Protocol):
    """Draws images."""

    def draw(self, request: ImageRequest, index: int) -> bytes:
        """Draw image number `index` (from 0) of the request as a PNG."""
        ...
