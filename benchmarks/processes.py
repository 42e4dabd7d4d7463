"""The processes of a run: the server for all of it, and one for each sample."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.imports import STATEMENTS, TIMED
from benchmarks.places import ROOT, python_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.cases import Case, Effort
    from benchmarks.figures import Figures

__all__ = ["SampleFailed", "command", "fresh_sample", "server"]

# The repository goes to the end of the path: python-imagine-sdk is called `imagine` too, and must be found first.
WORKER = "import sys; sys.path.append(sys.argv.pop(1)); from benchmarks.worker import main; main(sys.argv[1:])"
LIMIT = 120
"""Seconds a sample may take."""


class SampleFailed(Exception):
    """A client did not do the work; the message is the end of what it said."""


@contextmanager
def server() -> Iterator[int]:
    """Run the server; yield its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())
        # Leaving closes its standard input, which ends it.


def command(case: Case, client: str, port: int, effort: Effort) -> list[str]:
    """Return the command that takes one sample."""
    if case.work == "import":
        return [python_of(client), "-P", "-c", TIMED, STATEMENTS[case.name, client]]
    arguments = (ROOT, case.name, client, port, effort.seconds, effort.scale)
    return [python_of(client), "-P", "-c", WORKER, *map(str, arguments)]


def fresh_sample(case: Case, client: str, port: int, effort: Effort) -> Figures:
    """Take one sample in a fresh process."""
    try:
        ran = subprocess.run(command(case, client, port, effort), capture_output=True, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired as expired:
        raise SampleFailed(f"no answer in {LIMIT} s") from expired
    if ran.returncode:
        raise SampleFailed(ran.stderr.strip().rpartition("\n")[2])
    figures: Figures = json.loads(ran.stdout)
    return figures
