"""How many tokens messages take, without a tokenizer: by their bytes, and by what services have counted so far."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imagine.types.chat_completions import ChatMessage

__all__ = ["MOST", "Gauge", "estimated"]

BYTES, FRAME, PICTURE = 4, 4, 1_000
"""Bytes of text to a token; tokens around a message; tokens of a part that is no text, whose bytes say nothing."""
LEAST = 256
"""Shorter prompts say more of the service's own words around them than of the text."""
MOST = 4.0
"""The largest ratio that there can be: no token has less than a byte."""


def estimated(message: ChatMessage) -> int:
    """Return about how many tokens a message takes."""
    return math.ceil(_bytes(message) / BYTES) + FRAME + PICTURE * _pictures(message.content)


def _bytes(message: ChatMessage) -> int:
    functions = [call.function for call in message.tool_calls or () if call.function]
    texts = [*_texts(message.content), *(text for function in functions for _, text in function)]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts if text)


def _texts(content: str | list[dict[str, Any]] | None) -> Iterable[str]:
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or () if _is_text(part)]


def _pictures(content: str | list[dict[str, Any]] | None) -> int:
    return 0 if isinstance(content, str) else sum(not _is_text(part) for part in content or ())


def _is_text(part: dict[str, Any]) -> bool:
    return isinstance(part.get("text"), str)


class Gauge:
    """Counts by a function of the user's, or else by bytes, corrected by the largest ratio that answers have shown."""

    def __init__(self, count: Callable[[ChatMessage], int] | None, ratio: float = 1.0) -> None:
        if count is not None and not callable(count):
            raise TypeError(f"count must be a function of a message, not {type(count).__name__}")
        self.count = count
        self.ratio = ratio

    def counted(self, messages: Iterable[ChatMessage]) -> int:
        """Return the count of messages, as far as it can be known without a service."""
        return sum(map(estimated if self.count is None else self._by_user, messages))

    def tokens(self, counted: int) -> int:
        """Return how many tokens that is, as services count."""
        return math.ceil(counted * self.ratio)

    def learn(self, sent: Iterable[ChatMessage], prompt_tokens: int | None) -> None:
        """Take what a service has counted; a count of the user's own is left as it is."""
        if self.count is None and prompt_tokens is not None:
            shown = prompt_tokens / max(self.counted(sent), LEAST)
            self.ratio = min(max(self.ratio, shown), MOST)

    def copy(self) -> Gauge:
        """Return another that has learnt the same."""
        return type(self)(self.count, self.ratio)

    def _by_user(self, message: ChatMessage) -> int:
        assert self.count is not None
        tokens = cast("object", self.count(message))
        if isinstance(tokens, bool) or not isinstance(tokens, int) or tokens < 0:
            raise TypeError(f"count must return how many tokens a message has, an int from 0, not {tokens!r}")
        return tokens
