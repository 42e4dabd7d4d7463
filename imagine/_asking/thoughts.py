"""An answer without what the model thought aloud: `<think>…</think>` before it, once or several times."""

from __future__ import annotations

import re

__all__ = ["Thoughts", "without_thoughts"]

BEGIN, END = "<think>", "</think>"
_THOUGHTS = re.compile(rf"(?:\s*{BEGIN}.*?(?:{END}|\Z))+", re.DOTALL)


def without_thoughts(text: str) -> str:
    """Return a text without the thoughts before it; some services send only their end."""
    if thoughts := _THOUGHTS.match(text):
        return text[thoughts.end() :]
    before, _, behind = text.rpartition(END)
    return behind if before else text


class Thoughts:
    """Passes on what follows the thoughts of a text that comes in pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._thinks = self._over = False

    def feed(self, text: str) -> str:
        """Take the next piece, and return what of the answer it brings."""
        if not self._over:
            self._held += text
            while self._goes_on():
                pass
            text = self._held
        return text if self._over else ""

    def _goes_on(self) -> bool:
        """Pass over the next mark of a thought; False where it is not there yet, or where the answer begins."""
        if self._thinks:
            thought, end, behind = self._held.partition(END)
            self._thinks = not end
            self._held = behind if end else thought[-len(END) :]
            return not self._thinks
        self._held = self._held.lstrip()
        self._thinks = self._held.startswith(BEGIN)
        self._held = self._held.removeprefix(BEGIN)
        self._over = not self._thinks and not BEGIN.startswith(self._held)
        return self._thinks
