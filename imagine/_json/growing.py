"""A JSON value that grows while its text comes, in O(n) altogether, whatever the pieces.

Only what is certain is shown: a text without the escape that is half there, a number once something follows it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from imagine._json.mending import strictly_read

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Completed", "Growing", "Path"]

Path: TypeAlias = tuple[str | int, ...]
Completed: TypeAlias = tuple[Path, Any]
"""Where a value stands, and the value."""

DEEPEST = 100
"""Levels that are followed: the paths of a deeper tree would take more room than the tree."""
_BLANKS = re.compile(r"[ \t\n\r]+")
_PLAIN = re.compile(r'[^"\\]*')
_WORD = re.compile(r'[^\s,:{}\[\]"]*')
_ESCAPE = re.compile(r'\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|["\\/bfnrt])')
_HALF_ESCAPE = re.compile(r"\\(?:u(?:[0-9a-fA-F]{0,3}|[dD][89abAB][0-9a-fA-F]{2}(?:\\(?:u[0-9a-fA-F]{0,3})?)?))?")
"""An escape that the next piece may go on with: behind half of a pair its other half may come."""


class Growing:
    """Reads one JSON value as its text comes; at what is no JSON it stands still."""

    def __init__(self) -> None:
        self.data: Any = None
        """The live tree: containers grow in place, a text that is under way is set anew with each piece."""
        self.stands_still = False
        """Whether nothing more is read: all of it came, or what came is no JSON, or too deep."""
        self._step: Callable[[str, int], int] = self._value
        self._in_token = False
        self._held = ""
        self._pieces: list[str] = []
        self._open: list[dict[str, Any] | list[Any]] = []
        self._path: list[str | int] = []
        self._completed: list[Completed] = []

    def feed(self, text: str) -> list[Completed]:
        """Take the next piece of the text, and return what became complete: children before parents, each once."""
        text, self._held, at = self._held + text, "", 0
        while at < len(text) and not self.stands_still:
            blanks = None if self._in_token else _BLANKS.match(text, at)
            at = blanks.end() if blanks else self._step(text, at)
        if self._step == self._text and not self.stands_still:
            self._show()
        return self._taken()

    def end(self) -> list[Completed]:
        """Say that nothing follows, which makes a number complete that nothing surrounds."""
        if self._step == self._word and not self.stands_still:
            self._end_word()
        return self._taken()

    def _taken(self) -> list[Completed]:
        taken, self._completed = self._completed, []
        return taken

    def _give_up(self, at: int) -> int:
        self.stands_still = True
        return at

    def _value(self, text: str, at: int) -> int:
        match text[at]:
            case "{":
                return self._begin({}, "", self._first_key, at)
            case "[":
                return self._begin([], 0, self._first_item, at)
            case '"':
                self._put("")
                return self._begin_token(self._text, at + 1)
            case _:
                return self._begin_token(self._word, at)

    def _begin(
        self, made: dict[str, Any] | list[Any], place: str | int, step: Callable[[str, int], int], at: int
    ) -> int:
        if len(self._open) == DEEPEST:
            return self._give_up(at)
        self._put(made)
        self._open.append(made)
        self._path.append(place)
        self._step = step
        return at + 1

    def _begin_token(self, step: Callable[[str, int], int], at: int) -> int:
        self._step, self._in_token, self._pieces = step, True, []
        return at

    def _first_item(self, text: str, at: int) -> int:
        return self._end(at) if text[at] == "]" else self._value(text, at)

    def _first_key(self, text: str, at: int) -> int:
        return self._end(at) if text[at] == "}" else self._key(text, at)

    def _key(self, text: str, at: int) -> int:
        return self._begin_token(self._name, at + 1) if text[at] == '"' else self._give_up(at)

    def _colon(self, text: str, at: int) -> int:
        self._step = self._value
        return at + 1 if text[at] == ":" else self._give_up(at)

    def _next(self, text: str, at: int) -> int:
        is_list = isinstance(self._open[-1], list)
        if text[at] == ("]" if is_list else "}"):
            return self._end(at)
        if text[at] != ",":
            return self._give_up(at)
        if is_list:
            self._path[-1] = cast("int", self._path[-1]) + 1
        self._step = self._value if is_list else self._key
        return at + 1

    def _end(self, at: int) -> int:
        self._path.pop()
        self._complete(self._open.pop())
        return at + 1

    def _name(self, text: str, at: int) -> int:
        at, ended = self._characters(text, at)
        if ended:
            self._path[-1] = name = "".join(self._pieces)
            self._step, self._in_token = self._colon, False
            self.stands_still = name in cast("dict[str, Any]", self._open[-1])  # nobody knows which value is meant
        return at

    def _text(self, text: str, at: int) -> int:
        at, ended = self._characters(text, at)
        if ended:
            self._complete(self._show())
        return at

    def _characters(self, text: str, at: int) -> tuple[int, bool]:
        """Read on to the next escape or the end of a text; tell where that is, and whether it is the end."""
        plain = cast("re.Match[str]", _PLAIN.match(text, at))
        self._pieces.append(plain[0])
        at = plain.end()
        if at == len(text):
            return at, False
        return (at + 1, True) if text[at] == '"' else (self._escape(text, at), False)

    def _escape(self, text: str, at: int) -> int:
        if _HALF_ESCAPE.fullmatch(text, at):
            self._held = text[at:]
            return len(text)
        if not (found := _ESCAPE.match(text, at)):
            return self._give_up(at)
        self._pieces.append(_meant(found[0]))
        return found.end()

    def _word(self, text: str, at: int) -> int:
        found = cast("re.Match[str]", _WORD.match(text, at))
        self._pieces.append(found[0])
        if found.end() < len(text):
            self._end_word()
        return found.end()

    def _end_word(self) -> None:
        try:
            value = strictly_read("".join(self._pieces))
        except ValueError:
            self.stands_still = True
            return
        self._put(value)
        self._complete(value)

    def _show(self) -> str:
        """Put a text into the tree as far as it came, and return it."""
        shown: str = self._lifted()
        shown += "".join(self._pieces)  # in place, as nobody else holds it: a copy each time would be O(n²)
        self._put(shown)
        self._pieces = []
        return shown

    def _lifted(self) -> Any:
        parent: Any = self._open[-1] if self._open else {"": self.data}
        lifted = parent[self._path[-1] if self._open else ""]
        self._put(None)
        return lifted

    def _put(self, value: Any) -> None:
        if not self._open:
            self.data = value
            return
        parent, place = self._open[-1], self._path[-1]
        if isinstance(parent, dict):
            parent[cast("str", place)] = value
        elif place == len(parent):
            parent.append(value)
        else:
            parent[cast("int", place)] = value

    def _complete(self, value: Any) -> None:
        self._completed.append((tuple(self._path), value))
        self._step, self._in_token = self._next, False
        self.stands_still = not self._open


def _meant(escape: str) -> str:
    try:
        return cast("str", strictly_read(f'"{escape}"'))
    except ValueError:  # half of a surrogate pair
        return "\ufffd"
