"""One sample of one library, in the interpreter it is installed in; prints what came of it as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.above.questions import ANSWER, PERSON, PLAIN, Place, people, pieces, row
from benchmarks.figures import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["TASKS", "main"]

WARM = 5
SIZE = 32 * 1024
PATIENCE = 60
"""Seconds for one awkward answer."""


def tools(module: Any, entry: str, place: Place, times: int) -> Any:
    """Have tools run."""
    if entry == "blocking_runner":
        with module.blocking_runner(place) as run:
            return _timed(run, times)
    return asyncio.run(_run_async(module.runner, place, times))


def parse(module: Any, entry: str, place: Place, times: int) -> Any:
    """Read good answers."""

    async def work() -> Any:
        async with getattr(module, entry)(place) as ask:
            return await _timed_async(lambda: ask("Person", PLAIN), times, lambda value: module.plain(value) == PERSON)

    return asyncio.run(work())


def awkward(module: Any, entry: str, place: Place, rows: list[list[Any]]) -> Any:
    """Read awkward answers; tell of each whether a value came, and which."""

    async def work() -> Any:
        async with getattr(module, entry)(place) as ask:
            await ask("Person", PLAIN)  # a server that is gone would pass for refusals
            return [await _read(module, ask, kind, number) for number, (_, kind, *_) in enumerate(rows)]

    return asyncio.run(work())


def partial(module: Any, entry: str, place: Place, share: float) -> Any:
    """Follow an object that comes in pieces."""
    del place
    value = people(SIZE)
    given = pieces(value, share)
    watch = Stopwatch()
    shown = getattr(module, entry)(given)
    figures = watch.stop(1)
    assert shown == value or share < 1, "it is not what was sent"
    return figures


TASKS: dict[str, Callable[[Any, str, Place, Any], Any]] = {
    "tools": tools,
    "parse": parse,
    "awkward": awkward,
    "partial": partial,
}


def main(arguments: list[str]) -> None:
    """Do the TASK by MODULE and ENTRY; where the server listens, and how much is done, follow as JSON."""
    logging.disable(logging.CRITICAL)
    task, module, entry, place, amount = arguments
    library = import_module(f"benchmarks.above.clients.{module}")
    print(json.dumps(TASKS[task](library, entry, Place(*json.loads(place)), json.loads(amount))))


async def _run_async(runner: Any, place: Place, times: int) -> Any:
    async with runner(place) as run:
        return await _timed_async(run, times, lambda answer: answer == ANSWER)


async def _timed_async(do: Callable[[], Awaitable[Any]], times: int, is_right: Callable[[Any], bool]) -> Any:
    for _ in range(WARM):
        assert is_right(await do()), "it is not what was asked for"
    watch = Stopwatch()
    for _ in range(times):
        await do()
    return watch.stop(times)


def _timed(do: Callable[[], Any], times: int) -> Any:
    for _ in range(WARM):
        assert do() == ANSWER, "it is not what was asked for"
    watch = Stopwatch()
    for _ in range(times):
        do()
    return watch.stop(times)


async def _read(module: Any, ask: Any, kind: str, number: int) -> Any:
    try:
        value = await asyncio.wait_for(ask(kind, row(number)), PATIENCE)
    except Exception as error:  # each library has its own for "there is no such value"
        return [False, type(error).__name__]
    return [True, module.plain(value)]
