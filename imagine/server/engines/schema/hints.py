"""Finds in a user's message what could fill the arguments of a tool."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagine.server.engines.tokens import words

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTED_OR_NAME = re.compile(r"\"([^\"]+)\"|(?<![.!?]\s)(?<!^)\b([A-ZÀ-Þ]\w+(?:[ -][A-ZÀ-Þ]\w+)*)")
# At most 18 digits, from the first one on: a message of nothing but digits is read in one pass.
_NUMBER = re.compile(r"(?<!\w)-?\d{1,18}(?:\.\d{1,18})?(?!\w)")
_AFTER_NAME = r"\s*(?:[:=]|\b(?:is|of|to)\b)?\s*(?:\"([^\"]+)\"|([\w.@+-]*\w))"


class Hints:
    """The values in one message; text that has been taken is not offered again."""

    def __init__(self, message: str) -> None:
        self.message = message
        """The whole message."""
        self._taken: set[str] = set()

    def after(self, name: str) -> str:
        """Return the quoted text or word that follows a property's name, like `limit 5` or `city: Oslo`; else ""."""
        spelled = r"[\s_-]*".join(map(re.escape, words(name)))
        found = re.search(rf"\b{spelled}\b{_AFTER_NAME}", self.message, re.IGNORECASE) if spelled else None
        return (found[1] or found[2]) if found else ""

    def mentions(self, value: object) -> bool:
        """Tell whether the message contains the value as whole words."""
        return re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", self.message, re.IGNORECASE) is not None

    def texts(self, pattern: re.Pattern[str] = _QUOTED_OR_NAME) -> Iterator[str]:
        """Yield what a pattern finds, not taken yet; by default quotations, and capitalised words inside a sentence."""
        return self._untaken(pattern, self.message)

    def numbers(self, text: str) -> Iterator[float]:
        """Yield the numbers of a text, not taken yet."""
        for number in self._untaken(_NUMBER, text):
            yield float(number) if "." in number else int(number)

    def take(self, value: object) -> None:
        """Mark a value as used."""
        self._taken.add(str(value))

    def _untaken(self, pattern: re.Pattern[str], text: str) -> Iterator[str]:
        for found in pattern.finditer(text):
            value = next(filter(None, found.groups()), found[0])
            if value not in self._taken:
                yield value
