"""A text cut into brackets, strings and words, as JSON is made of them, in one pass."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Lexeme", "lexemes"]

_OUTSIDE = re.compile(r"(?P<fence>```[\w+-]*)|(?P<bracket>[{}\[\]])|(?P<word>[^{}\[\]`]+|`)")
_INSIDE = re.compile(
    r"""
    (?P<blank> [\s\ufeff]+ )
    | (?P<fence> ```[\w+-]* )
    | (?P<comment> (?<!:)//[^\n]* | /\*(?:[^*]|\*(?!/))*+(?:\*/)? | \#[^\n]* )
    | (?P<bracket> [{}\[\]] )
    | (?P<mark> [,:] )
    | (?P<quote> ["'\u201c\u2018] )
    | (?P<word> [^\s{}\[\],:"'\u201c\u2018`/\#]+ | . )
    """,
    re.VERBOSE,
)
_STRINGS = {
    quotes[0]: re.compile(rf"{quotes[0]}(?:[^{quotes[1]}\\]|\\.)*+{quotes[1]}", re.DOTALL)
    for quotes in ('""', "''", "\u201c\u201d", "\u2018\u2019")
}
"""Strings by their opening quotes: what models copy from a word processor has curly ones."""
_BEFORE_STRINGS = frozenset("{[,:")
_DEEPER = {"{": 1, "[": 1, "}": -1, "]": -1}


class Lexeme(NamedTuple):
    """A piece of a text."""

    kind: str
    """fence, bracket, mark, string, word, or open: a string that does not end."""
    text: str
    end: int
    """Where it ends."""


def lexemes(text: str, *, inside: bool = False) -> Iterator[Lexeme]:
    """Yield what a text is made of, without blanks and comments.

    Outside of brackets all is prose, unless `inside` says that it is not: an apostrophe, a quote or a # begins nothing
    there. Inside, a quote begins a string where JSON may have one: behind one of `{[,:`. A string of double quotes that
    does not end reaches to the end of the text. Any other quote that nothing closes is a word, and the next of its kind
    is not tried: so no character is looked at more than a few times.
    """
    at, depth, before, unclosed = 0, int(inside), "[", set[str]()
    while found := (_INSIDE if depth else _OUTSIDE).match(text, at):
        kind, piece = found.lastgroup or "word", found[0]
        if kind == "quote":
            kind, piece = _quoted(text, at, before, unclosed)
        at += len(piece)
        if kind in ("blank", "comment"):
            continue
        yield Lexeme(kind, piece, at)
        depth = int(inside) if kind == "fence" else max(int(inside), depth + _DEEPER.get(piece, 0))
        before = piece


def _quoted(text: str, at: int, before: str, unclosed: set[str]) -> tuple[str, str]:
    quote = text[at]
    if before not in _BEFORE_STRINGS or quote in unclosed:
        return "word", quote
    if found := _STRINGS[quote].match(text, at):
        return "string", found[0]
    unclosed.add(quote)
    return ("open", text[at:]) if quote == '"' else ("word", quote)
