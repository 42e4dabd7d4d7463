"""Choices that bytes make: what is built of them changes a little where they do, as a fuzzer wants it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PIECES", "Choices"]

T = TypeVar("T")

PIECES = [bytes([number]) * 3 for number in range(32)]
"""What inputs that are read as choices are made of."""
_CHARACTERS = '{}[]"\\,:ab é\u2028\U0001f600'


class Choices:
    """Makes one choice of each byte; where there are no more, the first of all options."""

    def __init__(self, data: bytes) -> None:
        self._bytes = iter(data)

    def number(self, most: int) -> int:
        """Choose a number, up to 255."""
        return next(self._bytes, 0) % (most + 1)

    def one_of(self, options: Sequence[T]) -> T:
        """Choose an option."""
        return options[self.number(len(options) - 1)]

    def text(self, characters: str, most: int) -> str:
        """Choose a text of some characters."""
        return "".join(self.one_of(characters) for _ in range(self.number(most)))

    def order(self, count: int) -> list[int]:
        """Choose an order of so many things."""
        left = list(range(count))
        return [left.pop(self.number(len(left) - 1)) for _ in range(count)]

    def cut(self, text: str) -> list[str]:
        """Cut a text into one or more parts, some of which may be empty."""
        places = sorted(self.number(len(text)) if text else 0 for _ in range(self.number(20)))
        return [text[start:end] for start, end in pairwise([0, *places, len(text)])]

    def json(self, depth: int = 3) -> Any:
        """Choose a value that JSON has a form for, nested as deep."""
        kind = self.number(6 if depth else 3)
        if kind > 4:
            return self.json_object(depth)
        if kind > 3:
            return [self.json(depth - 1) for _ in range(self.number(3))]
        return (self.text(_CHARACTERS, 8), self.number(99), True, None)[kind]

    def json_object(self, depth: int = 3) -> dict[str, Any]:
        """Choose an object."""
        return {self.text(_CHARACTERS, 5): self.json(depth - 1) for _ in range(self.number(3))}
