"""The samples: libraries taking turns, each sample in a fresh process, all of them at one server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.above.columns import PARSING, TABLES
from benchmarks.places import ROOT, interpreter
from benchmarks.processes import SampleFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.above.columns import Column, Table
    from benchmarks.above.rows import Row
    from benchmarks.figures import Figures

__all__ = ["Sample", "readings", "samples", "server"]

WORKER = "import sys; sys.path.append(sys.argv.pop(1)); from benchmarks.above.worker import main; main(sys.argv[1:])"
LIMIT = 600
"""Seconds a sample may take."""


class Sample(NamedTuple):
    """One sample of one column of one table."""

    table: str
    column: str
    turn: int
    figures: Figures


@contextmanager
def server() -> Iterator[str]:
    """Run the server; yield where it listens, as the workers take it."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.above.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        # Leaving closes its standard input, which ends it.


def samples(place: str, turns: int, scale: float, only_ours: bool) -> Iterator[Sample]:
    """Take the samples, table by table; what fails is told."""
    for table in TABLES:
        for turn in range(turns):
            for column in asked(table, only_ours):
                figures = _taken(table.task, column, place, _amount(table, column, scale))
                if figures is not None:
                    yield Sample(table.title, column.title, turn, figures)


def readings(place: str, rows: Sequence[Row], only_ours: bool) -> dict[str, Any]:
    """Have the awkward answers read; return by library what came of each."""
    taken = {column.title: _taken("awkward", column, place, rows) for column in asked(PARSING, only_ours)}
    return {title: outcomes for title, outcomes in taken.items() if outcomes is not None}


def asked(table: Table, only_ours: bool) -> list[Column]:
    """Return the libraries of a table that take part."""
    return [column for column in table.columns if not (only_ours and column.requirement)]


def _amount(table: Table, column: Column, scale: float) -> float:
    return column.share if table.task == "partial" else max(1, round(table.times * scale))


def _taken(task: str, column: Column, place: str, amount: object) -> Any:
    print(f"\r\033[K{task}, {column.title}", end="", file=sys.stderr, flush=True)
    try:
        return json.loads(_printed(task, column, place, amount))
    except (SampleFailed, subprocess.SubprocessError) as failure:
        print(f"\n{column.title}: {failure}", file=sys.stderr)
        return None


def _printed(task: str, column: Column, place: str, amount: object) -> str:
    """Return what a worker prints; the libraries are found before the repository, and told nothing of ours."""
    command = [interpreter(column.requirement), "-P", "-c", WORKER, str(ROOT), task, column.module, column.entry, place]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH" or not column.requirement}
    ran = subprocess.run([*command, json.dumps(amount)], capture_output=True, text=True, timeout=LIMIT, env=kept)
    if ran.returncode:
        raise SampleFailed(ran.stderr.strip().rpartition("\n")[2])
    return ran.stdout.strip().rpartition("\n")[2]
