"""JSON as models write it: however it is cut the same tree grows, and what is no JSON is refused and not guessed."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from choices import Choices

from imagine._asking.reading import MisfitError, read
from imagine._json.finding import found_json
from imagine._json.growing import Growing
from imagine._json.mending import mended
from imagine._schema.target import target_of

__all__ = ["PIECES", "fuzz"]


@dataclass
class Thing:
    """Something to look for."""

    a: int = 0
    b: list[int] | None = None


TARGETS = [target_of(kind) for kind in (Thing, list[Thing], int, Literal["a", "b"], dict[str, int] | str)]
PIECES = [
    *[b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b",", b":", b"```json\n", b"//", b"/*", b"*/", b"#", b"\n", b" "],
    *[b"\\ud83d", b"\\ude00", b"\xe2\x80\x9c", b"\xef\xbb\xbf", b"True", b"NaN", b"-1.5e3", b'{"a": ', b"a:"],
]


def fuzz(data: bytes) -> None:
    """Read the bytes as a text, and let them choose a value and where its text is cut."""
    text = data.decode("utf-8", "replace")
    _read(text)
    for found in found_json(text).texts:
        assert found in text
        _read(found)
    for target in TARGETS:
        with suppress(MisfitError):
            read([text, text[:20]], target, cut=len(data) % 2 == 1)
    choices = Choices(data)
    value = choices.json_object()
    growing = Growing()
    for piece in choices.cut(json.dumps(value)):
        growing.feed(piece)
    assert growing.data == value


def _read(text: str) -> None:
    growing = Growing()
    for character in text:
        growing.feed(character)
    growing.end()
    value = None
    with suppress(ValueError):
        value = mended(text)
    try:
        known = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return
    shown = json.dumps(known).encode("utf-8")
    if b"\\ud" not in shown and value is not None:  # halves of surrogate pairs are replaced
        assert json.dumps(value) == json.dumps(known)
