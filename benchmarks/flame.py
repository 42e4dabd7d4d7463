"""A flame graph of where the time of one case goes: `python -m benchmarks.flame CASE [CLIENT]`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.__main__ import RESULTS
from benchmarks.cases import CASES, Effort
from benchmarks.clients import CLIENTS
from benchmarks.processes import command, server

__all__ = ["main"]

EFFORT = Effort(seconds=5.0, scale=0.2)
SAMPLES_PER_SECOND = 1000


def main() -> None:
    """Run a case under py-spy, which looks at it from outside, and write the graph to the folder of the results."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flame", description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("client", choices=CLIENTS, nargs="?", default="ours")
    arguments = parser.parse_args()
    graph = RESULTS / f"flame-{arguments.case}-{arguments.client}.svg"
    RESULTS.mkdir(exist_ok=True)
    with server() as port:
        measured = command(CASES[arguments.case], arguments.client, port, EFFORT)
        py_spy = str(Path(sys.executable).with_name("py-spy"))
        options = ["--rate", str(SAMPLES_PER_SECOND), "--output", str(graph)]
        subprocess.run([py_spy, "record", *options, "--", *measured], check=True)
    print(graph)


if __name__ == "__main__":
    main()
