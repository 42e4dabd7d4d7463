"""A row of the fault table, and how it is played."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from support.clients import behind_face

from faults.client_calls import BOTH
from faults.outcome import Expected, Seen

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from faults.places import Place

FACES = ("async", "blocking")
NO_RETRY = {"max_retries": 0}
PATIENCE = 20.0
"""Seconds after which a call counts as hung."""
MOST_LATE = 1.0
EARLY = 0.01
"""How far two clocks may be apart."""


@dataclass(frozen=True, eq=False)
class Row:
    """Something that goes wrong, and what users are to see of it."""

    fault: str
    place: Callable[[], AbstractAsyncContextManager[Place]]
    expected: Expected
    asks: Sequence[Callable[..., Coroutine[object, object, None]]] = BOTH
    """Each is played in a place of its own."""
    options: Mapping[str, object] = field(default_factory=dict)
    """Of the client."""
    call: Mapping[str, object] = field(default_factory=dict)
    """Options of the call."""
    due: float | None = None
    """Seconds after which the call is to end: no earlier, and less than a second later. None leaves it open."""
    weighed: bool = False
    """Whether its memory is counted; nothing else may go on then."""
    missing: str | None = None
    """A program that it needs and that is not installed."""


class Result(NamedTuple):
    """What a row has shown through one face."""

    seen: str
    good: bool
    late: float | None = None
    """Seconds behind the moment when the call was due."""


async def play(row, face):
    """Play all calls of a row through one face: the first that is not as expected is shown, and the latest."""
    results = [_judged(row, await _played(row, face, ask)) for ask in row.asks]
    shown = next((result for result in results if not result.good), results[0])
    return shown._replace(late=max((result.late for result in results if result.late is not None), default=None))


async def _played(row, face, ask):
    seen = Seen()
    async with row.place() as place, behind_face(face, **{"proxy": False, **place.options, **row.options}) as client:
        with _weighed(seen) if row.weighed else _timed(seen):
            await _asked(client, seen, ask, row.call)
    seen.sends = place.sends()
    return seen


async def _asked(client, seen, ask, options):
    try:
        async with asyncio.timeout(PATIENCE) as patience:
            await ask(client, seen, **options)
    except Exception as error:  # of whatever kind: it is what the user sees
        seen.error, seen.hung = error, patience.expired()


@contextmanager
def _timed(seen):
    began = time.monotonic()
    yield
    seen.seconds = time.monotonic() - began


@contextmanager
def _weighed(seen):
    tracemalloc.start()
    yield
    _, seen.peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()


def _judged(row, seen):
    words = row.expected.words_for(seen)
    late = None if row.due is None else seen.seconds - row.due
    if late is not None and not -EARLY <= late < MOST_LATE:
        words += f", after {seen.seconds:.1f} s"
    return Result(words, words == row.expected.words, late)
