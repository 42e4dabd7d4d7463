"""Finds which keys a JSON object is to have, where a conversation names them in quotes."""

from __future__ import annotations

import re

from imagine.server.engines.quotations import quotations

_NAMING = re.compile(r"\b(?:keys?|fields?|properties|property|members?)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"[^.!?\n]+")
_KEY = re.compile(r"[^\W\d]\w{0,63}(?:[ .-]\w{1,64}){0,2}")
_MOST_KEYS = 64


def asked_keys(text: str) -> list[str]:
    """List the quoted names of the sentences that speak of keys, in order, each once; [] if there are none."""
    sentences = [found[0] for found in _SENTENCE.finditer(text) if _NAMING.search(found[0])]
    names = [name for sentence in sentences for name in quotations(sentence) if _KEY.fullmatch(name)]
    return list(dict.fromkeys(names))[:_MOST_KEYS]
