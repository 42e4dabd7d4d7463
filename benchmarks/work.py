"""The work of the cases: each function takes one sample of one client and returns its figures."""

from __future__ import annotations

import asyncio
import tempfile
import time
from array import array
from contextlib import contextmanager
from statistics import quantiles
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from benchmarks.figures import KIB, MIB, Peak, Stopwatch, counted_reads, resident
from benchmarks.wire import CHARACTERS_PER_EVENT, STAMP_EPOCH

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from types import ModuleType

    from benchmarks.cases import Case, Effort
    from benchmarks.figures import Figures

__all__ = ["WORK", "Task"]

T = TypeVar("T")

LEAST_EVENTS = 128
PACED_SECONDS = 5
"""Times the seconds of other samples: at 20 events a second it takes a while until there are many."""
MB = 1_000_000


class Task(NamedTuple):
    """What one sample is to do."""

    api: ModuleType
    case: Case
    endpoint: str
    effort: Effort

    @property
    def n(self) -> int:
        """The size of the case at this effort."""
        return self.effort.size(self.case)


def stream(task: Task) -> Figures:
    """Read streams."""
    with _open(task) as (runner, client):
        return _rate(lambda events: _all_came(runner.run(task.api.stream(client, events)), events), task, LEAST_EVENTS)


def stream_blocking(task: Task) -> Figures:
    """Read streams without await."""
    with _open_blocking(task) as client:
        return _rate(lambda events: _all_came(task.api.stream_blocking(client, events), events), task, LEAST_EVENTS)


def big(task: Task) -> Figures:
    """Read streams of one large event."""

    async def read(times: int) -> None:
        for _ in range(times):
            _check(await task.api.stream(client, 1), task.n)

    with _open(task) as (runner, client):
        return _rate(lambda times: runner.run(read(times)), task)


def chat(task: Task) -> Figures:
    """Ask for chat answers, `n` at once."""

    async def one_after_the_other(times: int) -> None:
        for _ in range(times):
            _check(await task.api.chat(client), CHARACTERS_PER_EVENT)

    async def ask(times: int) -> None:
        await asyncio.gather(*(one_after_the_other(times // task.n) for _ in range(task.n)))

    with _open(task) as (runner, client):
        return _rate(lambda times: runner.run(ask(times)), task, task.n)


def chat_blocking(task: Task) -> Figures:
    """Ask for chat answers without await."""

    def ask(times: int) -> None:
        for _ in range(times):
            _check(task.api.chat_blocking(client), CHARACTERS_PER_EVENT)

    with _open_blocking(task) as client:
        return _rate(ask, task)


def embed(task: Task) -> Figures:
    """Ask for the embeddings of `n` texts."""
    floats = int(task.endpoint.rpartition("-")[2])

    async def ask(times: int) -> None:
        for _ in range(times):
            _check(await task.api.embed(client, task.n), task.n * floats)

    with _open(task) as (runner, client):
        return _rate(lambda times: runner.run(ask(times)), task)


def paced(task: Task) -> Figures:
    """Follow `n` paced streams at once; the figures are those of a stretch of time in which all are open."""
    delays = array("d")

    def arrived(stamp: float) -> None:
        delays.append(time.monotonic() - (stamp - STAMP_EPOCH))

    async def measured() -> Figures:
        await _until(lambda: len(delays) >= 2 * task.n)
        del delays[:]
        watch = Stopwatch()
        await asyncio.sleep(PACED_SECONDS * task.effort.seconds)
        await _until(lambda: len(delays) > 1)
        return watch.stop(len(delays))

    with _open(task, at_once=task.n) as (runner, client):
        figures = runner.run(_while_following(task.n, task, client, arrived, measured))
    percentiles = quantiles(delays, n=100)
    return {**figures, "p50": percentiles[49] * 1e3, "p99": percentiles[98] * 1e3}


def idle(task: Task) -> Figures:
    """Hold `n` streams open that said one thing and then nothing."""
    said = array("d")

    async def memory_with(streams: int) -> int:
        del said[:]

        async def measured() -> int:
            await _until(lambda: len(said) == streams)
            return resident()

        return await _while_following(streams, task, client, said.append, measured)

    with _open(task, at_once=1 + task.n) as (runner, client):
        with_one = runner.run(memory_with(1))
        grown = runner.run(memory_with(1 + task.n)) - with_one
    return {"memory": grown / task.n / KIB}


def upload(task: Task) -> Figures:
    """Upload `n` MB; the file is sparse, so that no disk is read."""
    with _open(task) as (runner, client), tempfile.NamedTemporaryFile(suffix=".wav") as file:
        file.truncate(1)
        runner.run(task.api.upload(client, file.name))
        file.truncate(task.n * MB)
        watch, peak = Stopwatch(), Peak()
        runner.run(task.api.upload(client, file.name))
        return {**watch.stop(task.n), "growth": peak.growth() / MIB}


def growth(task: Task) -> Figures:
    """Read one long stream; its text is not counted."""
    return _growth(task, task.api.stream, CHARACTERS_PER_EVENT)


def growth_unfolded(task: Task) -> Figures:
    """Read one long stream that keeps nothing."""
    return _growth(task, task.api.stream_unfolded, 0)


def _growth(task: Task, read: Callable[[Any, int], Any], kept_per_event: int) -> Figures:
    events = _whole(task.n, LEAST_EVENTS)
    with _open(task) as (runner, client):
        runner.run(read(client, LEAST_EVENTS))
        watch, peak = Stopwatch(), Peak()
        _all_came(runner.run(read(client, events)), events)
        return {**watch.stop(events), "growth": (peak.growth() - events * kept_per_event) / MIB}


WORK: Mapping[str, Callable[[Task], Figures]] = {
    "big": big,
    "chat": chat,
    "chat_blocking": chat_blocking,
    "embed": embed,
    "growth": growth,
    "growth_unfolded": growth_unfolded,
    "idle": idle,
    "paced": paced,
    "stream": stream,
    "stream_blocking": stream_blocking,
    "upload": upload,
}
"""By the names that the cases give them."""


@contextmanager
def _open_blocking(task: Task) -> Iterator[Any]:
    """Hold a client for code that blocks; not every SDK's can be closed."""
    client = task.api.connect_blocking(task.endpoint)
    try:
        yield client
    finally:
        getattr(client, "close", lambda: None)()


@contextmanager
def _open(task: Task, at_once: int = 64) -> Iterator[tuple[asyncio.Runner, Any]]:
    """Open a client in a loop of its own."""

    async def connect() -> object:
        return task.api.connect(task.endpoint, at_once)

    with asyncio.Runner() as runner:
        client = runner.run(connect())
        try:
            yield runner, client
        finally:
            runner.run(task.api.close(client))


async def _while_following(
    streams: int, task: Task, client: Any, arrived: Callable[[float], object], measured: Callable[[], Awaitable[T]]
) -> T:
    """Return what is measured while streams are followed; one that fails is an error."""
    async with asyncio.TaskGroup() as group:
        followers = [group.create_task(task.api.follow(client, arrived)) for _ in range(streams)]
        result = await measured()
        for follower in followers:
            follower.cancel()
    return result


async def _until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - an Event would be work for each arrival
        await asyncio.sleep(0.01)


def _rate(do: Callable[[int], object], task: Task, least: int = 1) -> Figures:
    """Measure a pass that takes about as long as it should, after smaller ones that warm up; units come by `least`."""
    with counted_reads() as reads:
        do(least)
    units, took = least, 0.0
    while took < task.effort.seconds / 8:
        units *= 2
        began = time.perf_counter()
        do(units)
        took = time.perf_counter() - began
    if took:
        units = _whole(units * task.effort.seconds / took, least)
    watch = Stopwatch()
    do(units)
    return {**watch.stop(units), "units_per_read": least / max(1, reads.count)}


def _whole(units: float, least: int) -> int:
    return max(least, round(units / least) * least)


def _all_came(characters: int, events: int) -> None:
    _check(characters, events * CHARACTERS_PER_EVENT)


def _check(came: int, sent: int) -> None:
    """Refuse a figure of a client that did not get, or did not give, what was sent."""
    if came != sent:
        raise RuntimeError(f"{came} came of {sent} that were sent")
