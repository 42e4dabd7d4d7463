"""An answer without what the model thought aloud: `<think>…</think>` before it."""

from __future__ import annotations

__all__ = ["Thoughts", "without_thoughts"]

BEGIN, END = "<think>", "</think>"


def without_thoughts(text: str) -> str:
    """Return a text without the thoughts before it; some services send only their end."""
    if text.lstrip().startswith(BEGIN):
        return text.partition(END)[2]
    before, _, behind = text.rpartition(END)
    return behind if before else text


class Thoughts:
    """Passes on what follows the thoughts of a text that comes in pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._end: str | None = None
        self._over = False

    def feed(self, text: str) -> str:
        """Take the next piece, and return what of the answer it brings."""
        if self._over:
            return text
        self._held += text
        if self._end is None and not self._begin():
            return ""
        if self._end:
            thought, found, answer = self._held.partition(self._end)
            self._held, self._over = answer if found else thought[-len(END) :], bool(found)
            return answer if found else ""
        self._over = True
        return self._held

    def _begin(self) -> bool:
        """Tell whether it is known by now if the text begins with a thought."""
        begun = self._held.lstrip()
        if begun.startswith(BEGIN):
            self._end = END
        elif not BEGIN.startswith(begun):
            self._end = ""
        return self._end is not None
