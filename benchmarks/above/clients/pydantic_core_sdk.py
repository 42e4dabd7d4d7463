"""pydantic_core, which reads all that came anew for each piece."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["follow"]


def follow(pieces: Sequence[str]) -> Any:
    text, shown = "", None
    for piece in pieces:
        text += piece
        shown = from_json(text, allow_partial="trailing-strings")
    return shown
