"""Which recorded request is the same as one that arrives, and where they differ."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagine.server.recording.exchange import Asked, Exchange

__all__ = ["Recorded", "key_of", "numbered"]

Key = tuple[str, str, bytes]
Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"


def key_of(asked: Asked) -> Key:
    """Return what two requests have in common that are the same: method, path, and what the body says.

    The order of a JSON body's members does not matter, nor do members that are null or an empty `stream_options`, nor
    whether a whole number is written 1 or 1.0.
    """
    return asked.method, asked.path, msgspec.json.encode(_said(asked), order="deterministic")


def numbered(exchanges: Iterable[Exchange]) -> dict[tuple[Key, int], Exchange]:
    """Return exchanges by their request, and by which one of its kind it is, from 0."""
    counts: dict[Key, int] = defaultdict(int)
    found: dict[tuple[Key, int], Exchange] = {}
    for exchange in exchanges:
        key = key_of(exchange.request)
        found[key, counts[key]] = exchange
        counts[key] += 1
    return found


class Recorded:
    """The exchanges of a cassette, each of which is given once."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        self._exchanges = numbered(exchanges)
        self._given: dict[Key, int] = defaultdict(int)

    def take(self, asked: Asked) -> Exchange | None:
        """Return the next exchange of the same request; None if all of them have been given."""
        key = key_of(asked)
        exchange = self._exchanges.get((key, self._given[key]))
        self._given[key] += exchange is not None
        return exchange

    def why_none(self, asked: Asked) -> str:
        """Say what is recorded in place of a request that is not."""
        given = self._given[key_of(asked)]
        if given:
            return f"it was recorded {given} times, and has been asked {given + 1} times"
        others = [exchange.request for exchange in self._exchanges.values()]
        for expected in (*self._left(), *others):
            if (expected.method, expected.path) == (asked.method, asked.path):
                return f"not with this body: {_difference(_said(expected), _said(asked), 'body')}"
        recorded = sorted({f"{other.method} {other.path}" for other in others})
        return f"recorded are {', '.join(recorded) or 'no requests at all'}"

    def _left(self) -> Iterator[Asked]:
        for (key, number), exchange in self._exchanges.items():
            if number >= self._given[key]:
                yield exchange.request


def _difference(recorded: Json, now: Json, place: str) -> str:
    """Say where two JSON values differ first; "" where they are equal."""
    if isinstance(recorded, dict) and isinstance(now, dict):
        return _first(recorded, now, place, ".{}")
    if isinstance(recorded, list) and isinstance(now, list):
        return _first(dict(enumerate(recorded)), dict(enumerate(now)), place, "[{}]")
    return "" if recorded == now else f"{place} is {_brief(now)}, not {_brief(recorded)}"


def _first(recorded: dict[Any, Any], now: dict[Any, Any], place: str, step: str) -> str:
    for name in {**recorded, **now}:
        there = place + step.format(name)
        if name not in now or name not in recorded:
            return f"{there} is {'missing' if name in recorded else 'new'}"
        if found := _difference(recorded[name], now[name], there):
            return found
    return ""


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _said(asked: Asked) -> Json:
    """Return the body that counts: JSON in one form, the parts of a form, or a text."""
    body: dict[str, Json] = msgspec.to_builtins(asked.body) if asked.body else {}
    return _canonical(body["json"]) if "json" in body else next(iter(body.values()), None)


def _canonical(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _canonical(item) for name, item in value.items() if _says_something(name, item)}
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _says_something(name: str, item: Any) -> bool:
    return item is not None and not (name == "stream_options" and not item)
