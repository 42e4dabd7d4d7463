"""What few streams have, as it grows: texts and lists get longer, members of an object each for itself."""

from __future__ import annotations

import io
from copy import copy
from typing import Any, cast

__all__ = ["Growing", "joined"]

_TEXTS_IN_PIECES = frozenset({"reasoning", "refusal", "data", "transcript"})
"""Other texts, such as the id of what is spoken, come whole with each piece."""


class Growing:
    """Members of an object that come in pieces, in O(1) a piece."""

    def __init__(self) -> None:
        self._members: dict[str, Any] = {}

    def add(self, name: str, piece: object) -> None:
        """Take the next piece of a member; None is none, and what is of another kind takes the place of what was."""
        if isinstance(piece, str) and name in _TEXTS_IN_PIECES:
            self._kept_as(io.StringIO, name).write(piece)
        elif isinstance(piece, list):
            self._kept_as(list, name).extend(piece)
        elif isinstance(piece, dict):
            held = self._kept_as(Growing, name)
            for inner, value in cast("dict[str, object]", piece).items():
                held.add(inner, value)
        elif piece is not None:
            self._members[name] = piece

    def values(self) -> dict[str, Any]:
        """Return the members as far as they came."""
        return {name: _plain(value) for name, value in self._members.items()}

    def _kept_as(self, kind: type[Any], name: str) -> Any:
        if type(self._members.get(name)) is not kind:
            self._members[name] = kind()
        return self._members[name]


def joined(fragments: io.StringIO) -> str:
    """Return a text; a character whose halves came in two fragments is made whole, a half left alone is U+FFFD."""
    text = fragments.getvalue()
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Growing):
        return value.values()
    if isinstance(value, io.StringIO):
        return joined(value)
    return copy(value)
