"""Ends a generation where its request says: max_tokens, stop strings, stop token ids."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from imagine.server.engines.interface import Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


class StopStrings:
    """Finds the first stop string in a text that arrives piece by piece."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = stops
        self._reach = max(map(len, stops), default=1) - 1
        self._tail = ""

    def cut(self, piece: str) -> str | None:
        """Return the piece up to the end of a stop string that it completes; None if it completes none."""
        if not self._stops:
            return None
        text = self._tail + piece
        ends = [at + len(stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if ends:
            return piece[: min(ends) - len(self._tail)]
        self._tail = text[-self._reach :] if self._reach else ""
        return None


class StopTokens:
    """Tells when the latest pieces are one of the stop sequences."""

    def __init__(self, sequences: Sequence[Sequence[str]]) -> None:
        self._sequences = [list(sequence) for sequence in sequences if sequence]
        self._recent: deque[str] = deque(maxlen=max(map(len, self._sequences), default=0))

    def reached(self, piece: str) -> bool:
        """Add the next piece, and tell whether it completes a sequence."""
        if not self._sequences:
            return False
        self._recent.append(piece)
        recent = list(self._recent)
        return any(recent[-len(sequence) :] == sequence for sequence in self._sequences)


def ended(written: Iterable[Token], limit: int | None, strings: StopStrings, tokens: StopTokens) -> Iterator[Token]:
    """Yield tokens, the last with its finish reason; the text contains the stop that ended it."""
    for count, token in enumerate(written, 1):
        cut = strings.cut(token.text)
        if cut is not None or tokens.reached(token.text):
            yield token._replace(text=token.text if cut is None else cut, finish_reason="stop")
            return
        if count == limit:
            yield token._replace(finish_reason="length")
            return
        yield token
    yield Token("", "stop")
