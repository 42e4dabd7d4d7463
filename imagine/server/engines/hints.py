"""Finds in a user's message what could fill the arguments of a tool."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from imagine._schema.hints import Hints
from imagine.server.engines.quotations import quotations
from imagine.server.engines.tokens import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-ZÀ-Þ]\w+(?:[ -][A-ZÀ-Þ]\w+)*")
# At most 18 digits, from the first one on: a message of nothing but digits is read in one pass.
_NUMBER = re.compile(r"(?<!\w)-?\d{1,18}(?:\.\d{1,18})?(?!\w)")
_QUOTED = r"[\"'\u2018\u201c]([^\"'\u2019\u201d\n]+)[\"'\u2019\u201d]"
_AFTER_NAME = rf"\s*(?:[:=]|\b(?:is|of|to)\b)?\s*(?:{_QUOTED}|([\w.@+-]*\w))"


class MessageHints(Hints):
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

    def texts(self) -> Iterator[str]:
        """Yield quotations, then capitalised words inside a sentence, not taken yet."""
        return self._untaken(chain(quotations(self.message), _found(_NAME, self.message)))

    def matches(self, pattern: re.Pattern[str]) -> Iterator[str]:
        """Yield what a pattern finds, not taken yet."""
        return self._untaken(_found(pattern, self.message))

    def numbers(self, text: str) -> Iterator[float]:
        """Yield the numbers of a text, not taken yet."""
        for number in self._untaken(_found(_NUMBER, text)):
            yield float(number) if "." in number else int(number)

    def take(self, value: object) -> None:
        """Mark a value as used."""
        self._taken.add(str(value))

    def _untaken(self, values: Iterable[str]) -> Iterator[str]:
        return (value for value in values if value not in self._taken)


def _found(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (found[0] for found in pattern.finditer(text))
