"""Finds which JSON object a conversation asks for: by a JSON Schema in it, or by keys that it names in quotes."""

from __future__ import annotations

import json
import re
from typing import Any, cast

from imagine.server.engines.quotations import quotations

_NAMING = re.compile(r"\b(?:keys?|fields?|properties|property|members?)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+")
_KEY = re.compile(r"[^\W\d]\w{0,63}(?:[ .-]\w{1,64}){0,2}")
_MOST_KEYS = 64
_MOST_BRACES = 16
"""How many of the first braces of a text are looked at, so that it is read a bounded number of times."""


def asked_schema(text: str) -> dict[str, Any] | None:
    """Return the first JSON Schema of an object in a text; None if there is none."""
    at = -1
    for _ in range(_MOST_BRACES):
        at = text.find("{", at + 1)
        if at < 0:
            return None
        if (found := _object_at(text, at)) and isinstance(found.get("properties"), dict):
            return found
    return None


def _object_at(text: str, start: int) -> dict[str, Any] | None:
    try:
        return cast("dict[str, Any]", json.JSONDecoder().raw_decode(text, start)[0])
    except (ValueError, RecursionError):
        return None


def asked_keys(text: str) -> list[str]:
    """List the quoted names of the sentences that speak of keys, in order, each once; [] if there are none."""
    sentences = [found[0] for found in _SENTENCE.finditer(text) if _NAMING.search(found[0])]
    names = [name for sentence in sentences for name in quotations(sentence) if _KEY.fullmatch(name)]
    return list(dict.fromkeys(names))[:_MOST_KEYS]
