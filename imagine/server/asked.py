"""Requests as this server takes them: those of its own clients, and what OpenAI's, Jina's and Cohere's send besides."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta, Struct

from imagine.types.base import DTO
from imagine.types.chat_completions import ChatCompletionRequest
from imagine.types.common import LLMSamplingParams

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MOST_CHOICES",
    "ChatAsked",
    "CompletionAsked",
    "EmbeddingAsked",
    "RerankAsked",
    "TextDocument",
    "ignored_header",
    "members_of",
    "texts_of",
    "unknown_members",
]

MOST_CHOICES = 128
"""How many choices one answer may have, those of all its prompts together; how many images, too."""
_MOST_TOLD, _LONGEST_TOLD = 20, 64
_MOST_TOP = 20

Count = Annotated[int, Meta(ge=1, le=MOST_CHOICES)]
Top = Annotated[int, Meta(ge=0, le=_MOST_TOP)]
Texts = str | list[str | int | list[int]]
"""A text, several, the numbers of the tokens of one, or those of several."""


class ChatAsked(ChatCompletionRequest, kw_only=True):
    """Body of POST chat/completions."""

    n: Count | None = None
    """Number of choices."""
    max_completion_tokens: int | None = None
    """`max_tokens` by its newer name, which wins."""
    logprobs: bool | None = None
    """Whether the tokens come with their logarithms of probabilities."""
    top_logprobs: Top | None = None
    """How many of the likeliest tokens are named in each place."""

    def __post_init__(self) -> None:
        if self.max_completion_tokens is not None:
            self.max_tokens = self.max_completion_tokens

    @property
    def top(self) -> int | None:
        """How many likely tokens are named in each place; None where no probabilities are asked for."""
        return self.top_logprobs or 0 if self.logprobs else None


class CompletionAsked(LLMSamplingParams, kw_only=True):
    """Body of POST completions."""

    prompt: Texts
    model: str
    stream: bool
    n: Count | None = None
    """Number of choices for each prompt."""
    logprobs: Top | None = None
    """How many of the likeliest tokens are named in each place; None for no probabilities at all."""

    @property
    def top(self) -> int | None:
        """How many likely tokens are named in each place; None where no probabilities are asked for."""
        return self.logprobs


class EmbeddingAsked(DTO, kw_only=True):
    """Body of POST embeddings."""

    id: str | None = None
    input: Texts
    model: str
    encoding_format: Literal["float", "base64"] | None = None
    """"float" for numbers, "base64" for little-endian floats of 32 bits."""
    dimensions: Annotated[int, Meta(ge=1)] | None = None
    """Length that the vectors are cut to."""

    @property
    def in_base64(self) -> bool:
        """Whether the vectors are sent in Base64."""
        return self.encoding_format == "base64"


class TextDocument(Struct):
    """A document with its text in a member."""

    text: str


class RerankAsked(DTO, kw_only=True):
    """Body of POST rerank, as Jina and Cohere have it: all documents are returned where `top_n` does not say."""

    query: str
    documents: list[str | TextDocument]
    model: str
    top_n: Annotated[int, Meta(ge=1)] | None = None
    return_documents: bool | None = None


def texts_of(given: Texts) -> list[str]:
    """List the texts that are meant; this server's words have no numbers, so a token's number is a word itself."""
    if isinstance(given, str):
        return [given]
    if given and isinstance(given[0], int):
        return [" ".join(map(str, given))]
    return [" ".join(map(str, item)) if isinstance(item, list) else str(item) for item in given]


def unknown_members(document: Any, fitted: Any, place: str = "") -> list[str]:
    """List the names that a JSON document has and the class that it became has not, like `messages.refusal`."""
    names: list[str] = []
    kind = fitted.__class__
    if kind is list:
        for number, value in enumerate(fitted):
            if members_of(value.__class__):
                names += unknown_members(document[number], value, place)
    elif known := members_of(kind):
        for name, item in document.items():
            if name not in known:
                names.append(f"{place}{name}")
            elif type(item) is dict or type(item) is list:
                names += unknown_members(item, getattr(fitted, name), f"{place}{name}.")
    return names


@cache
def members_of(kind: type) -> frozenset[str]:
    """Return the names that a class of ours has; none for any other class."""
    return frozenset(getattr(kind, "__struct_fields__", ()))


def ignored_header(names: Sequence[str]) -> dict[str, str]:
    """Return the header that tells which members of a request were ignored; none where there are none."""
    if not names:
        return {}
    told = [quote(name[:_LONGEST_TOLD], safe="[]") for name in names[:_MOST_TOLD]]
    more = [f"and {len(names) - _MOST_TOLD} more"] if len(names) > _MOST_TOLD else []
    return {"X-Imagine-Ignored": ", ".join([*told, *more])}
