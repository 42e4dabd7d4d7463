"""Secrets that a stream repeats piece by piece, so that no event alone has them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["without_secrets"]

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"

_BEGIN, _END = b"data: ", b"\n\n"


class Piece(NamedTuple):
    """A text within an event, and where it stands."""

    event: int
    holder: dict[str, Json]
    name: str
    text: str


def without_secrets(events: Sequence[bytes], masked: Callable[[str], str]) -> list[bytes]:
    """Return events in which also the texts that they make together show no secret.

    A text that does is put, masked, into its first piece, and its others are emptied.
    """
    documents = [_document(event) for event in events]
    changed: set[int] = set()
    for pieces in _texts(documents).values():
        together = "".join(piece.text for piece in pieces)
        apart = "".join(masked(piece.text) for piece in pieces)
        if len(pieces) > 1 and masked(together) != apart:
            changed |= {piece.event for piece in pieces}
            _put(masked(together), pieces)
    return [_event(documents[place]) if place in changed else event for place, event in enumerate(events)]


def _put(text: str, pieces: Sequence[Piece]) -> None:
    for number, piece in enumerate(pieces):
        piece.holder[piece.name] = "" if number else text


def _texts(documents: Sequence[Json]) -> dict[str, list[Piece]]:
    """Return the pieces of each text: those at the same place of their event."""
    texts: dict[str, list[Piece]] = defaultdict(list)
    for number, document in enumerate(documents):
        for place, holder, name, text in _strings(document, ""):
            texts[place].append(Piece(number, holder, name, text))
    return texts


def _strings(value: Json, place: str) -> Iterator[tuple[str, dict[str, Json], str, str]]:
    """Yield the texts of a document; the places of items are those that their `index` tells."""
    if isinstance(value, dict):
        for name, item in value.items():
            if isinstance(item, str):
                yield f"{place}.{name}", value, name, item
            yield from _strings(item, f"{place}.{name}")
    elif isinstance(value, list):
        for number, item in enumerate(value):
            index = item.get("index", number) if isinstance(item, dict) else number
            yield from _strings(item, f"{place}[{index}]")


def _document(event: bytes) -> Json:
    try:
        return msgspec.json.decode(event.removeprefix(_BEGIN)) if event.startswith(_BEGIN) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _event(document: Json) -> bytes:
    return _BEGIN + msgspec.json.encode(document) + _END
