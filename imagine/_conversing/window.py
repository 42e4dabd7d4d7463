"""The latest whole exchanges that fit into a budget: a question and all that came of it, up to the next."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from imagine._conversing.gauge import Gauge
from imagine.types.chat_completions import ChatMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Window", "exchanges"]


class Window(msgspec.Struct, frozen=True):
    """What may be sent of a conversation."""

    gauge: Gauge
    system: list[ChatMessage]
    """One message, or none."""
    tools: list[ChatMessage]
    """What is told of the tools, as if it were a message."""
    budget: int | None
    """Tokens for prompt and answer together; None for no limit."""
    max_tokens: int = 0
    """What of it is the answer's."""

    def of(self, messages: Sequence[ChatMessage]) -> list[ChatMessage]:
        """Return the system message, the last exchange, and as many before it as fit, all of them whole.

        Raises ValueError where the last one alone does not fit.
        """
        if self.budget is None:
            return [*self.system, *messages]
        *earlier, last = exchanges(messages) or [[]]
        counted = self._checked(last)
        kept = [last]
        for exchange in reversed(earlier):
            counted += self.gauge.counted(exchange)
            if self.gauge.tokens(counted) > self._room:
                break
            kept.append(exchange)
        return [*self.system, *chain.from_iterable(reversed(kept))]

    def learn(self, sent: Sequence[ChatMessage], prompt_tokens: int | None) -> None:
        """Take what a service has counted for what was sent."""
        if self.budget is not None:
            self.gauge.learn([*self.tools, *sent], prompt_tokens)

    @property
    def _room(self) -> int:
        return (self.budget or 0) - self.max_tokens

    def _checked(self, last: Sequence[ChatMessage]) -> int:
        """Return what is counted for all that is always sent; ValueError where that is too much."""
        counted = self.gauge.counted([*self.system, *self.tools, *last])
        if (tokens := self.gauge.tokens(counted)) > self._room:
            off = f", of which max_tokens={self.max_tokens} are the answer's" if self.max_tokens else ""
            raise ValueError(
                f"the last question, with what came of it, system and tools, takes about {tokens} tokens, and "
                f"budget={self.budget}{off}: ask for less, or give a larger budget"
            )
        return counted


def exchanges(messages: Iterable[ChatMessage]) -> list[list[ChatMessage]]:
    """Part a conversation before each message of the user."""
    parted = list[list[ChatMessage]]()
    for message in messages:
        if message.role == "user" or not parted:
            parted.append([])
        parted[-1].append(message)
    return parted
