"""The file: reading it, and writing it so that it stays readable, and stable in git."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine._saving import write_whole
from imagine.server.recording.exchange import Exchange
from imagine.server.recording.matching import numbered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imagine.server.recording.exchange import Event

__all__ = ["in_order_of", "read", "write"]

_VERSION = 1
_OWNER = 0o600


class Tape(msgspec.Struct):
    """What a file holds."""

    version: int
    exchanges: list[Exchange]


def read(path: Path) -> list[Exchange]:
    """Read a file; ValueError for one that is none of ours."""
    try:
        tape = msgspec.json.decode(path.read_bytes(), type=Tape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no cassette ({error}): record it anew with mode='all'") from error
    if tape.version != _VERSION:
        raise ValueError(f"{path} is of version {tape.version}, not {_VERSION}: record it anew with mode='all'")
    return tape.exchanges


def write(path: Path, exchanges: Sequence[Exchange]) -> None:
    """Write a file, which is there as a whole or not at all, and which nobody else can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = _lines(msgspec.to_builtins(Tape(_VERSION, list(exchanges)))) + "\n"
    write_whole(path, content.encode(), _OWNER)


def in_order_of(old: Sequence[Exchange], new: Sequence[Exchange]) -> list[Exchange]:
    """Put what was recorded anew in the order of the old file; what has changed in its times alone stays as it was."""
    before = numbered(old)
    places = {key: place for place, key in enumerate(before)}
    found = sorted(numbered(new).items(), key=lambda item: places.get(item[0], math.inf))
    return [_kept(before.get(key), exchange) for key, exchange in found]


def _kept(before: Exchange | None, now: Exchange) -> Exchange:
    return before if before is not None and _timeless(before) == _timeless(now) else now


def _timeless(exchange: Exchange) -> Exchange:
    answer = exchange.answer
    events = [(0.0, piece) for _, piece in answer.events] if isinstance(answer.events, list) else answer.events
    untimed = msgspec.structs.replace(answer, seconds=0.0, events=events)
    return msgspec.structs.replace(exchange, answer=untimed)


def _lines(value: Any, indent: str = "") -> str:
    """Write JSON with a line for each member; an event, or a list of numbers, is one line."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        members = cast("dict[str, Any]", value).items()
        return _block("{}", [f"{_encoded(name)}: {_lines(item, inner)}" for name, item in members], indent)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_encoded, cast('Event', value)))}]"
    if isinstance(value, list) and not _is_one_line(cast("Sequence[Any]", value)):
        return _block("[]", [_lines(item, inner) for item in cast("Sequence[Any]", value)], indent)
    return _encoded(value)


def _block(brackets: str, lines: list[str], indent: str) -> str:
    between = f",\n{indent}  "
    return f"{brackets[0]}\n{indent}  {between.join(lines)}\n{indent}{brackets[1]}"


def _is_one_line(items: Sequence[Any]) -> bool:
    return all(isinstance(item, int | float) for item in items)


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()
