"""A run: the samples of all cases, clients taking turns, and where and when it was."""

from __future__ import annotations

import os
import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.cases import CASES
from benchmarks.clients import CLIENTS
from benchmarks.processes import SampleFailed, fresh_sample, server

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.cases import Case, Effort
    from benchmarks.figures import Figures

__all__ = ["Sample", "conditions", "machine", "samples"]


class Sample(NamedTuple):
    """One sample of one column of one case."""

    case: str
    column: str
    turn: int
    figures: Figures


def samples(
    cases: Sequence[Case], turns: int, effort: Effort, clients: Sequence[str] = tuple(CLIENTS)
) -> Iterator[Sample]:
    """Take the samples, case by case; within a case the clients take turns."""
    with server() as port:
        for case in cases:
            for turn in range(turns):
                for column, measured, client in _columns(case, clients):
                    print(f"\r\033[K{case.name} {turn + 1}/{turns} {column}", end="", file=sys.stderr, flush=True)
                    try:
                        yield Sample(case.name, column, turn, fresh_sample(measured, client, port, effort))
                    except SampleFailed as failure:
                        print(f"\n{case.name}, {client}: {failure}", file=sys.stderr)
    print("\r\033[K", end="", file=sys.stderr)


def _columns(case: Case, clients: Sequence[str]) -> list[tuple[str, Case, str]]:
    """Return what is compared in a case: the column of the table, and which case it measures with which client."""
    columns = [(client, case, client) for client in case.clients if client in clients]
    if case.beside:
        columns.insert(1, ("async", CASES[case.beside], "ours"))
    return columns


def conditions(turns: int, effort: Effort) -> dict[str, str]:
    """Return what a reader must know to judge the figures."""
    ours = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "msgspec", "anyio", "tenacity"))
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ours,
        "samples": f"{turns} of about {effort.seconds:g} s each, sizes x {effort.scale:g}",
    }


def machine() -> str:
    """Return the cores, the processor and the system."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    return f"{os.cpu_count()} cores, {model[1] if model else platform.machine()}, {platform.system()}"
