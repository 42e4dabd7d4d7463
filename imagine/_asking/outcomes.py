"""What comes of a question for a value."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

from imagine.types.chat_completions import ChatCompletionResponse
from imagine.types.common import UsageInfo
from imagine.types.completions import CompletionResponse

__all__ = ["Answer", "Parsed", "Partial", "Path", "Way"]

T = TypeVar("T")
Way: TypeAlias = Literal["tool", "content", "completion"]
Path: TypeAlias = tuple[str | int, ...]
Answer: TypeAlias = ChatCompletionResponse | CompletionResponse


class Parsed(msgspec.Struct, Generic[T], frozen=True):
    """A value of the type that was asked for, and how it came."""

    value: T
    """The value."""
    answer: Answer
    """The answer that it was read from."""
    way: Way
    """How that was asked for: by a tool, as the text of a chat, or as what a prompt goes on with."""
    asked: int
    """How many answers it took."""
    repaired: bool
    """Whether the answer was not quite what was asked for, such as "3" for a number, and had to be mended."""
    usage: UsageInfo | None
    """Tokens of all answers together, as far as they report them; None where none does."""


class Partial(msgspec.Struct, frozen=True):
    """How far a value has come in a stream."""

    data: Any
    """Plain dicts, lists and texts: the live tree, which grows on with the stream; copy it to keep it as it is.

    It has whole numbers and options alone; the last text may still grow.
    """
    completed: tuple[tuple[Path, Any], ...]
    """What became complete since the last one, with its place, such as `("people", 0)`: each value once, those inside
    before those around them, as the type has them. What does not fit its type is left out. It is the first JSON that
    begins, which `final()` may find to be a draft: act on what is complete only where you can take it back."""
