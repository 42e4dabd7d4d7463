"""The beginning of JSON in a text that comes in pieces."""

from __future__ import annotations

import re

from imagine._json.growing import Completed, Growing

__all__ = ["Seeking"]

_BEGINNINGS = {
    "{": re.compile(r'\{\s{0,200}(?:"|\Z)'),
    "[": re.compile(r'\{\s{0,200}(?:"|\Z)|\[\s{0,200}(?:["{\[\d-]|\Z)'),
}
"""An object begins with a name, a list with an item: other brackets are a sentence's."""


class Seeking:
    """Passes over what stands before the first object, or also the first list, and lets that grow."""

    def __init__(self, *, lists: bool) -> None:
        self.growing = Growing()
        self.begun = False
        """Whether JSON began."""
        self._beginning = _BEGINNINGS["[" if lists else "{"]
        self._held = ""

    def feed(self, text: str) -> list[Completed]:
        """Take the next piece of the text, and return what became complete."""
        if self.begun:
            return self.growing.feed(text)
        text, self._held = self._held + text, ""
        found = self._beginning.search(text)
        if found is None:
            return []
        if found[0][-1] in '"{[-0123456789' and len(found[0]) > 1:
            self.begun = True
            return self.growing.feed(text[found.start() :])
        self._held = text[found.start() :]
        return []
