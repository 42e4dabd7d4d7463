"""JSON with the slips of models, read as what it means.

Mended: a byte order mark, a fence, comments, commas at ends, single and curly quotes, bare keys, True, False, None and
NaN (which is null), raw control characters, escaped apostrophes and halves of surrogate pairs. Not mended, as nobody
knows what was meant: missing commas, quotes inside of texts, and what was cut.
"""

from __future__ import annotations

import json
import re
from typing import cast

import msgspec

from imagine._json.lexemes import Lexeme, lexemes

__all__ = ["mended", "strictly_read"]

_LITERALS = {
    **dict.fromkeys(("True", "TRUE"), "true"),
    **dict.fromkeys(("False", "FALSE"), "false"),
    **dict.fromkeys(("None", "NULL", "Null", "NaN", "nan", "Infinity", "-Infinity", "undefined"), "null"),
}
_BARE_KEY = re.compile(r"[A-Za-z_$][\w$-]*")
_ODD = re.compile(
    r"""
    (?P<pair> \\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2} )
    | (?P<half> \\u[dD][89a-fA-F][0-9a-fA-F]{2} | [\ud800-\udfff] )
    | (?P<apostrophe> \\['\u2018\u2019\u201c\u201d] )
    | (?P<escape> \\. )
    | (?P<quote> " )
    | (?P<control> [\x00-\x1f] )
    """,
    re.VERBOSE | re.DOTALL,
)


def strictly_read(text: str) -> object:
    """Return the value of a JSON text; ValueError where it is none, or gives a member two values."""
    try:
        value = cast("object", msgspec.json.decode(text))
        if "{" in text:
            json.loads(text, object_pairs_hook=_members)
        return value
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        for name, value in pairs:
            if made[name] != value:
                raise ValueError(f"it has `{name}` twice, with two values")
    return made


def mended(text: str) -> object:
    """Return the value of a text that is JSON but for a model's slips; ValueError where it is not even that."""
    try:
        return strictly_read(_strict(_unfenced(text.strip())))
    except ValueError as error:
        raise ValueError(f"this is no JSON: {error}") from error


def _unfenced(text: str) -> str:
    is_fenced = text.startswith("```") and text.endswith("```") and "\n" in text
    return text.partition("\n")[2][:-3] if is_fenced else text


def _strict(text: str) -> str:
    """Write a text as strict JSON, as far as it can be; a lexeme waits until the next one says what it is."""
    pieces = [Lexeme("", "", 0)]
    for lexeme in lexemes(text, inside=True):
        last = pieces[-1]
        if lexeme.text in ("}", "]") and last.text == "," and pieces[-2].text not in ("{", "["):
            pieces.pop()
        elif lexeme.text == ":" and last.kind == "word" and _BARE_KEY.fullmatch(last.text):
            pieces[-1] = Lexeme("string", f'"{last.text}"', last.end)
        pieces.append(lexeme)
    return " ".join(map(_written, pieces))


def _written(lexeme: Lexeme) -> str:
    if lexeme.kind == "word":
        return _LITERALS.get(lexeme.text, lexeme.text)
    return f'"{_ODD.sub(_escaped, lexeme.text[1:-1])}"' if lexeme.kind == "string" else lexeme.text


def _escaped(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "half":
            return "\\ufffd"
        case "apostrophe":
            return found[0][1]
        case "quote":
            return '\\"'
        case "control":
            return f"\\u{ord(found[0]):04x}"
        case _:
            return found[0]
