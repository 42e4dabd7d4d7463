"""The ways in which a secret may be written: as it is, and as JSON, Python, URLs, HTML or Base64 write it."""

from __future__ import annotations

import base64
import html
import json
import re
from itertools import takewhile
from operator import eq
from string import ascii_letters, digits
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Notations"]

SHORTEST = 4
"""A secret of fewer characters guards nothing, and taking it out would only garble what is said."""
MASK = "***"
"""Shorter than a secret: what is masked again and again comes to an end."""

_PLAIN = frozenset(ascii_letters + digits)
"""What no notation writes in another way."""
_BACKSLASH = r"(?:\\|%(?:25)*5[cC]|&(?:amp;)*#(?:92|x5[cC]);)"
_CUT = ("..", "'", '"')
"""What follows on an excerpt's end. Two dots: the third may be taken for one of the secret."""


class Notations:
    """Finds one secret in a text, whichever way it is written."""

    def __init__(self, secret: str) -> None:
        self.length = len(secret)
        parts = {secret, *_in_base64(secret)} if len(secret) >= SHORTEST else set[str]()
        self._forms = parts | _quoted(secret) if parts else parts
        patterns = {*map(_written, parts), *map(re.escape, self._forms)}  # the latter for what looks like a notation
        self._pattern = re.compile("|".join(sorted(patterns, key=len, reverse=True)) or "(?!)")

    def masked(self, text: str) -> str:
        """Return a text with a mask for the secret, and for what is left of it where the text was cut."""
        text = self._pattern.sub(MASK, text)
        for form in self._forms:
            text = _without_beginning(text, form)
        return text


def _written(secret: str) -> str:
    """Return a pattern for a secret in any notation, and in one inside of another, as JSON in JSON is."""
    return "".join(_character(len(run), character) for run, character in re.findall(r"(\\*)([^\\]?)", secret))


def _character(backslashes: int, character: str) -> str:
    """Return a pattern for a character and the backslashes before it, each of which three notations may double."""
    plain = character in _PLAIN or not character
    most = 8 * backslashes + (0 if plain else 7)
    escapes = f"{_BACKSLASH}{{{backslashes},{most}}}+" if most else ""  # possessive: one way to match a run
    return escapes + (re.escape(character) if plain else _special(character))


def _special(character: str) -> str:
    code = ord(character)
    in_json, in_python, in_html = f"u0*{code:x}", f"x{code:02x}", f"&(?:amp;)*#(?:0*{code}|x0*{code:x});"
    in_url = "".join(f"%(?:25)*{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    by_name = re.escape(html.escape(character))
    plus = r"|\+" if character == " " else ""
    return f"(?:{re.escape(character)}|{by_name}|(?i:{in_json}|{in_python}|{in_url}|{in_html}){plus})"


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what a secret looks like inside of any Base64 text: three ways, by where in a triple of bytes it begins."""
    content = secret.encode("utf-8", "surrogatepass")
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + content).decode()[first:last]


def _quoted(secret: str) -> set[str]:
    """Return a secret as most services, and messages about their answers, quote it."""
    forms = {secret, quote(secret, safe="", errors="surrogatepass")}
    for _ in range(3):
        forms |= {form_of(form)[1:-1] for form in forms for form_of in (json.dumps, repr)}
    return forms


def _without_beginning(text: str, form: str) -> str:
    """Mask the first part of a secret where the text, or an excerpt in it, ends in the middle of it."""
    start = text.find(form[:SHORTEST])
    while start >= 0:
        end = start + sum(takewhile(bool, map(eq, form, text[start : start + len(form)])))
        if end == len(text) or text.startswith(_CUT, end):
            text = text[:start] + MASK + text[end:]
        start = text.find(form[:SHORTEST], start + 1)
    return text
