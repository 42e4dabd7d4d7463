"""partial-json-parser, which reads all that came anew for each piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from partial_json_parser import loads

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["follow"]


def follow(pieces: Sequence[str]) -> Any:
    text, shown = "", None
    for piece in pieces:
        text += piece
        shown = loads(text)
    return shown
