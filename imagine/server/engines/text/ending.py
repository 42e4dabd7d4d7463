"""Ends a generation where its request says: max_tokens, stop strings, stop token ids."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from imagine.server.engines.interface import Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class Stop(Protocol):
    """Watches a text that arrives piece by piece."""

    def cut(self, piece: str) -> str | None:
        """Return how much of the next piece belongs to the text, where it ends with this piece; else None."""
        ...


class StopStrings:
    """Finds the first stop string in a text that arrives piece by piece."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._reach = max(map(len, stops), default=1) - 1
        self._tail = ""

    def cut(self, piece: str) -> str | None:
        """Return the piece up to the end of a stop string that it completes; None if it completes none."""
        text = self._tail + piece
        ends = [at + len(stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if ends:
            return piece[: min(ends) - len(self._tail)]
        self._tail = text[-self._reach :] if self._reach else ""
        return None


class StopTokens:
    """Ends a text once its latest pieces are one of the stop sequences."""

    def __init__(self, sequences: Sequence[Sequence[str]]) -> None:
        self._sequences = [list(sequence) for sequence in sequences]
        self._recent: deque[str] = deque(maxlen=max(map(len, self._sequences), default=0))

    def cut(self, piece: str) -> str | None:
        """Return the piece if it completes a sequence, else None."""
        self._recent.append(piece)
        recent = list(self._recent)
        return piece if any(recent[-len(sequence) :] == sequence for sequence in self._sequences) else None


def ended(written: Iterable[Token], limit: int | None, stops: Sequence[Stop]) -> Iterator[Token]:
    """Yield tokens, the last with its finish reason; the text contains the stop that ended it."""
    for count, token in enumerate(written, 1):
        for stop in stops:
            if (cut := stop.cut(token.text)) is not None:
                yield Token(cut, "stop", token.odds)
                return
        if count == limit:
            yield Token(token.text, "length", token.odds)
            return
        yield token
    yield Token("", "stop")
