"""Cuts text into tokens, for generating, and into words, for comparing."""

from __future__ import annotations

import re

# A long word is several tokens, as in real tokenizers: 16 characters are enough for any everyday word.
_PIECE = re.compile(r" ?\w{1,16}(?:['\u2019]\w{1,16})?| ?[^\w\s]|\s+")
_CAMEL_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+")
_SHORT = 4096
"""Characters that are searched in less than a millisecond."""


def pieces(text: str) -> list[str]:
    """Cut a text into words and punctuation marks with their leading space; joined, they give the text."""
    return _all(_PIECE, text)


def count(text: str) -> int:
    """Count the pieces of a text."""
    return len(_all(_PIECE, text)) if len(text) <= _SHORT else sum(1 for _ in _PIECE.finditer(text))


def words(text: str) -> list[str]:
    """List the words of a text or an identifier (snake_case, camelCase), case-folded."""
    found = _all(_WORD, text)
    if text[1:].islower():  # no hump
        return [word.casefold() for word in found]
    parts = [(word,) if word[1:].islower() else _CAMEL_HUMP.split(word) for word in found]
    return [word.casefold() for part in parts for word in part]


def content_words(text: str) -> list[str]:
    """List the words without stop words, which most texts have whatever they are about; all if there are no others."""
    found = words(text)
    return [word for word in found if word not in _STOP_WORDS] or found


def _all(pattern: re.Pattern[str], text: str) -> list[str]:
    """List all matches; a long text takes one at a time, since no other thread runs while one call finds them."""
    return pattern.findall(text) if len(text) <= _SHORT else [match[0] for match in pattern.finditer(text)]


_STOP_WORDS = frozenset(
    words(
        """
        a about all an and any are as at be by can could current do does explain find for from get give given has have
        how i if in into is it its list make may me most my new not of on or please return returns say set should show
        tell than that the their them then there these they this to tool us use user was we what when where which who
        why will with would write you your
        """
    )
)
