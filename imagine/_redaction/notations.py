"""The ways in which a secret may be written: as it is, and as JSON, Python, URLs, HTML or Base64 write it."""

from __future__ import annotations

import base64
import html
import json
import re
from functools import cached_property, lru_cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Notations"]

SHORTEST = 4
"""A secret of fewer characters guards nothing, and taking it out would only garble what is said."""
MASK = "***"
"""Shorter than a secret: what is masked again and again comes to an end."""

_PLAIN = frozenset(ascii_letters + digits)
"""What no notation writes in another way."""
_RUNS = re.compile(r"[A-Za-z0-9]+")
"""Pieces of that."""
_BACKSLASH = r"(?:\\|%(?:25)*5[cC]|&(?:amp;)*#(?:92|x5[cC]);)"
_CUT = re.compile(r"(?:[\\%&][\\%&#;\w]{0,160})?(?=\.\.|['\"]|\Z)")
"""An excerpt's end, perhaps in the middle of a notation: so long are fifteen backslashes and what they stand before.

Two dots: the third may be taken for one of the secret.
"""


class Notations:
    """Finds one secret in a text, whichever way it is written."""

    def __init__(self, secret: str) -> None:
        self.length = len(secret)
        parts = {secret, *_in_base64(secret)} if len(secret) >= SHORTEST else set[str]()
        self._parts = [_Part(part) for part in parts]

    def masked(self, text: str) -> str:
        """Return a text with a mask for the secret, and for what is left of it where the text was cut."""
        there = [part for part in self._parts if part.may_be_in(text)]
        for part in there:
            text = part.masked(text)
        for part in there:
            text = part.beginnings_masked(text)
        return text


class _Part:
    """A secret, or what it is in Base64: looked for in earnest only where letters that no notation changes are there.

    Most texts have nothing of it, and the pattern of a long token takes a tenth of a second to compile.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._sign = _longest_run(secret[:SHORTEST])
        self._core = _longest_run(secret)

    def may_be_in(self, text: str) -> bool:
        """Tell whether a text may have it, or its beginning."""
        return self._sign in text

    def masked(self, text: str) -> str:
        """Return a text with a mask for the whole of it."""
        if self._core in text:
            for form in self._literal:
                text = text.replace(form, MASK)
        return self._pattern.sub(MASK, text) if self._core in text else text

    def beginnings_masked(self, text: str) -> str:
        """Return a text with a mask for its beginning, where the text, or an excerpt in it, ends in the middle."""
        pieces, done = list[str](), 0
        found = self._head.search(text)
        while found:
            if cut := _CUT.match(text, self._end(text, found.end())):
                pieces += text[done : found.start()], MASK
                done = cut.end()
            found = self._head.search(text, max(done, found.start() + 1))
        return "".join(pieces) + text[done:]

    @cached_property
    def _literal(self) -> list[str]:
        return sorted(_quoted(self._secret), key=len, reverse=True)  # a secret may look like a notation

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_written(self._secret))

    @cached_property
    def _head(self) -> re.Pattern[str]:
        return re.compile(_written(self._secret[:SHORTEST]))

    @cached_property
    def _rest(self) -> list[tuple[str, str]]:
        return _pairs(self._secret[SHORTEST:])

    def _end(self, text: str, end: int) -> int:
        """Return how far a text goes along with it."""
        for pair in self._rest:
            if not (found := _compiled(*pair).match(text, end)):
                break
            end = found.end()
        return end


def _longest_run(secret: str) -> str:
    """Return the longest piece that every notation leaves as it is; empty where there is none."""
    return max(_RUNS.findall(secret), key=len, default="")


def _written(secret: str) -> str:
    """Return a pattern for a secret in any notation, and in one inside of another, as JSON in JSON is."""
    return "".join(_character(*pair) for pair in _pairs(secret))


def _pairs(secret: str) -> list[tuple[str, str]]:
    """Part a secret into its characters, each with the backslashes before it."""
    return re.findall(r"(\\*)([^\\]?)", secret)


def _character(backslashes: str, character: str) -> str:
    """Return a pattern for a character and the backslashes before it, each of which three notations may double."""
    plain = character in _PLAIN or not character
    most = 8 * len(backslashes) + (0 if plain else 7)
    # Possessive: one way to match a run. But a secret's own `%5c` or `&#92;` looks like a backslash once it is written.
    runs_on = "?" if character in {"%", "&"} else "+"
    escapes = f"{_BACKSLASH}{{{len(backslashes)},{most}}}{runs_on}" if most else ""
    return escapes + (character if plain else _special(character))


@lru_cache(256)
def _compiled(backslashes: str, character: str) -> re.Pattern[str]:
    return re.compile(_character(backslashes, character))


def _special(character: str) -> str:
    code = ord(character)
    in_python, in_html = f"x{code:02x}|U0*{code:x}", f"&(?:amp;)*#(?:0*{code}|x0*{code:x});"
    in_json = f"{_BACKSLASH}+".join(f"u0*{unit:x}" for unit in _utf16(character))
    in_url = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    by_name = re.escape(html.escape(character))
    plus = r"|\+" if character == " " else ""
    return f"(?:(?i:{in_json}|{in_python}|{in_url}|{in_html})|{by_name}|{re.escape(character)}{plus})"


def _utf16(character: str) -> tuple[int, ...]:
    """Return the numbers that JSON has for a character: two, with a backslash before each, for some."""
    units = character.encode("utf-16-be", "surrogatepass")
    return tuple(int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what a secret looks like inside of any Base64 text: three ways, by where in a triple of bytes it begins."""
    content = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + content).decode()[first:last]


def _quoted(secret: str) -> set[str]:
    """Return a secret as most services, and messages about their answers, quote it."""
    forms = {secret}
    for _ in range(3):
        forms |= {form_of(form)[1:-1] for form in forms for form_of in (json.dumps, repr)}
    return forms
