"""Finds what a text says beside its sentences: JSON, a number, an option."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from imagine._json.lexemes import Lexeme, lexemes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Found", "begins_json", "found_json", "only_number", "only_option"]

MOST = 64
"""How many candidates are looked at: whoever writes more of them says nothing."""
_PARTNERS = {"}": "{", "]": "["}
_BEGINS_JSON = re.compile(r"""\{\s*["'}\u201c]|\[\s*["'{\[\d\u201c-]""")
_BEGINS_CUT = re.compile(
    rf"""{_BEGINS_JSON.pattern}|{{\s*(?:[A-Za-z_$][\w$-]*\s*:|\#|//|/\*)|\[\s*(?:true|false|null|True|False|None)\b"""
)
"""What is JSON where nothing closes it, as it hides what is inside: names without quotes and comments, too."""
_EMPTY = re.compile(r"[{\[]\s*[}\]]")
_NUMBER = re.compile(
    r"""
    (?<![\w.,^\u2012-\u2014-]) (?<!\d[:/]) (?<!minus\s) (?<!negative\s)
    [-\u2212]?\d{1,400} (?: ,\d{3} )* (?: \.\d{1,400} )? (?: [eE][+-]?\d{1,3} )?
    (?! \w | [.,:/^-]\d | \s?(?:dozen|hundred|thousand|[mb]illion|trillion)s?\b )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""A number that is no part of a date, a version, a power or a word, and that no word beside it makes another."""
_CLAUSE_ENDS = re.compile(r"[.,;:!?\n]")
_DENIES = re.compile(r"\b(?:not|no|never|neither|nor|cannot|without|\w+n['\u2019]t)\b", re.IGNORECASE)


class Found(NamedTuple):
    """The JSON in a text."""

    texts: tuple[str, ...]
    """What may be JSON: what is wanted first, and of that what stands in a fence."""
    is_open: bool
    """Whether JSON begins that does not end."""


class _Range(NamedTuple):
    start: int
    end: int
    fenced: bool


def found_json(text: str, wanted: str = "") -> Found:
    """Find the outermost objects and lists of a text, in one pass: those that begin as is `wanted` first.

    Of brackets that are never closed, those that begin JSON hide what is inside of them: it is no answer of its own.
    """
    finder = _Finder(text)
    for lexeme in lexemes(text):
        finder.take(lexeme)
    finder.drop_open()
    in_order = sorted(finder.ranges, key=lambda found: (not text.startswith(wanted, found.start), not found.fenced))
    return Found(tuple(text[start:end] for start, end, _ in in_order[:MOST]), finder.is_open)


def begins_json(text: str) -> bool:
    """Tell whether brackets are those of JSON, and not a sentence's."""
    return _BEGINS_JSON.match(text) is not None


class _Finder:
    """The brackets of a text that are open, and the ranges that were closed."""

    def __init__(self, text: str) -> None:
        self.ranges: list[_Range] = []
        self.is_open = False
        self._text = text
        self._open: list[int] = []
        self._counts = {"{": 0, "[": 0}
        self._fenced = False

    def take(self, lexeme: Lexeme) -> None:
        if lexeme.kind == "fence":
            self.drop_open()
            self._fenced = not self._fenced
        elif lexeme.kind == "open":
            self.is_open = True
        elif lexeme.kind == "bracket":
            self._take_bracket(lexeme.text, lexeme.end)

    def _take_bracket(self, bracket: str, end: int) -> None:
        if bracket in self._counts:
            self._open.append(end - 1)
            self._counts[bracket] += 1
        elif self._counts[_PARTNERS[bracket]]:
            while self._text[start := self._popped()] != _PARTNERS[bracket]:
                pass
            self._close(start, end)

    def _popped(self) -> int:
        start = self._open.pop()
        self._counts[self._text[start]] -= 1
        return start

    def _close(self, start: int, end: int) -> None:
        self._drop_ranges(start)
        if self._fenced or not _EMPTY.fullmatch(self._text, start, end):
            self.ranges.append(_Range(start, end, self._fenced))

    def _drop_ranges(self, start: int) -> None:
        while self.ranges and self.ranges[-1].start > start:
            self.ranges.pop()

    def drop_open(self) -> None:
        """Forget the brackets that nothing closes."""
        for start in self._open:
            if _BEGINS_CUT.match(self._text, start):
                self.is_open = True
                self._drop_ranges(start)
                break
        while self._open:
            self._popped()


def only_number(text: str) -> str | None:
    """Return the only number in a text, without separators of thousands; None where there is none, or several."""
    numbers = {number[0].replace(",", "").replace("\u2212", "-") for number in _NUMBER.finditer(text)}
    return numbers.pop() if len(numbers) == 1 else None


def only_option(text: str, options: Iterable[str]) -> str | None:
    """Return the only option that a text names as whole words, in any case; None where it names none, or several.

    An option that is a part of another, as "red" of "dark red", is not named where the longer one is; one behind a
    "not", or a part of "non-red" or "can't", is not what is meant.
    """
    left, named = text, list[str]()
    for option in _longest_first(options):
        pattern = re.compile(rf"(?<![\w-]){re.escape(option)}(?![\w-]|['\u2019]\w)", re.IGNORECASE)
        if option and (found := pattern.search(left)):
            named.append("" if _is_denied(left[: found.start()]) else option)
            left = pattern.sub(" ", left)
    return named[0] or None if len(named) == 1 else None


def _is_denied(before: str) -> bool:
    return _DENIES.search(_CLAUSE_ENDS.split(before)[-1]) is not None


def _longest_first(options: Iterable[str]) -> Sequence[str]:
    return sorted(options, key=len, reverse=True)
