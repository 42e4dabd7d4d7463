"""What each piece of work costs in instructions, which repeat where times swing: `python -m benchmarks.instructions`.

A client works in a process of its own under callgrind, the server outside. After a warm-up it does the same work at two
lengths; the difference of what callgrind counted, over the difference of the lengths, is the cost of one unit: start-up
and whatever else is paid once cancel out. Hashes are not randomised, so that dicts and sets are the same in every run.

    python -m benchmarks.instructions                 count, and show what changed against the kept figures
    python -m benchmarks.instructions --keep          count, and keep the figures in `results/`
    python -m benchmarks.instructions --unit chat     only this one; may be repeated

Needs Linux and valgrind with its `vgdb` (Debian's package `valgrind`).
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from compileall import compile_dir
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from shutil import which
from typing import NamedTuple, Self

from benchmarks.imports import STATEMENTS
from benchmarks.places import ROOT
from benchmarks.processes import server

__all__ = ["KEPT", "UNITS", "Count", "Unit", "counted", "kept", "python_minor", "why_not"]

KEPT = Path(__file__).parent / "results" / "instructions.json"
LIMIT = 120
"""Seconds a step of a worker may take; callgrind makes everything about 50 times slower."""
ENVIRONMENT = {**os.environ, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
TOTAL = re.compile(r"^summary: (\d+)", re.MULTILINE)
WORKER = "import sys; sys.path.append(sys.argv.pop(1)); from benchmarks.counted import main; main(*sys.argv[1:])"
IMPORTER = """
import sys
for line in sys.stdin:
    if int(line):
        exec(sys.argv[1], {})
    print("done", flush=True)
"""
"""A worker that has imported nothing yet."""


class Unit(NamedTuple):
    """A piece of work, done at two lengths."""

    title: str
    work: str
    """The work of `counted.py`, or a statement's name in `imports.py`."""
    short: int
    long: int
    plan: str = ""
    """What the server is asked for; empty for an import, which happens once and has no warm-up."""
    floor: str = ""
    """The unit whose floor this one is compared with, where it has none of its own."""

    def arguments(self, client: str, port: int) -> list[str]:
        """Return what the interpreter of a worker is started with."""
        if not self.plan:
            return ["-c", IMPORTER, STATEMENTS[self.work, client]]
        return ["-c", WORKER, str(ROOT), self.work, f"http://127.0.0.1:{port}/{self.plan}", client]


UNITS = {
    "event-64": Unit("an event, 64 a read", "stream", 640, 5760, "taken-64-10"),
    "event-1": Unit("an event, 1 a read", "stream", 64, 320, "taken-1-10"),
    "chat": Unit("a chat", "chat", 20, 220, "answer"),
    "stream": Unit("a stream opened, of 2 events", "streams", 20, 100, "taken-1-10"),
    "blocking-chat": Unit("a blocking chat (floor: a chat)", "blocking_chat", 20, 100, "answer", floor="chat"),
    "embeddings": Unit("embeddings, 256 × 1024", "embed", 1, 3, "vectors-256-1024"),
    "import": Unit("import and a data class made (floor: import msgspec)", "import-dto", 0, 1),
    "client": Unit("import and a client made (floor: the four dependencies)", "import-client", 0, 1),
}


class Count(NamedTuple):
    """Instructions of one unit."""

    ours: float
    floor: float

    @property
    def ratio(self) -> float:
        """Ours over the floor's."""
        return self.ours / self.floor


def why_not() -> str:
    """Return why nothing can be counted here; empty where it can."""
    missing = [tool for tool in ("valgrind", "vgdb") if which(tool) is None]
    return f"{' and '.join(missing)} not installed: apt-get install valgrind" if missing else ""


class Counted:
    """A worker under callgrind, which counts from `start` on."""

    def __init__(self, unit: Unit, client: str, port: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._dumps = 0
        self._process = subprocess.Popen(
            [
                *("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no"),
                f"--callgrind-out-file={self._folder.name}/out",
                *(sys.executable, "-P", *unit.arguments(client, port)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with (
            self._process
        ):  # leaving closes its standard input, which ends it; killed, it would leave vgdb's pipes behind
            pass
        self._folder.cleanup()

    def work(self, length: int) -> None:
        """Have the worker do its work, and wait for its end."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{length}\n")
        self._process.stdin.flush()
        if self._process.stdout.readline().strip() != "done":
            raise RuntimeError("the worker of a count failed; what it said stands above")

    def start(self) -> None:
        """Count from now on."""
        self._tell("instrumentation", "on")

    def count(self, length: int) -> int:
        """Return the instructions of the work at one length."""
        self._tell("zero")
        self.work(length)
        self._tell("dump")
        self._dumps += 1
        found = TOTAL.search(Path(self._folder.name, f"out.{self._dumps}").read_text())
        assert found is not None
        return int(found[1])

    def _tell(self, *words: str) -> None:
        command = ["vgdb", f"--pid={self._process.pid}", *words]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT)


def slope(unit: Unit, client: str) -> float:
    """Return the instructions of one unit by one client; the server is its own, since some plans serve nobody else."""
    with server() as port, Counted(unit, client, port) as worker:
        worker.work(unit.short)
        worker.start()
        counts = [worker.count(length) for length in (unit.short, unit.long)]
    return (counts[1] - counts[0]) / (unit.long - unit.short)


def counted(names: list[str]) -> dict[str, Count]:
    """Count units, two workers at a time; modules are compiled beforehand, which is no part of a count."""
    compile_dir(ROOT / "imagine", quiet=1)
    compile_dir(ROOT / "benchmarks", quiet=1)
    with ThreadPoolExecutor(2) as threads:
        running = {
            (name, client): threads.submit(slope, UNITS[name], client)
            for name in names
            for client in ("ours", "floor")
            if client == "ours" or not UNITS[name].floor
        }
        slopes = {key: future.result() for key, future in running.items()}
        return {name: Count(slopes[name, "ours"], slopes[UNITS[name].floor or name, "floor"]) for name in names}


def python_minor() -> str:
    """Return what the figures depend on most: `CPython 3.11`."""
    return f"{platform.python_implementation()} {'.'.join(platform.python_version_tuple()[:2])}"


def kept() -> dict[str, Count]:
    """Return the kept figures, where they are of this Python."""
    if not KEPT.exists():
        return {}
    told = json.loads(KEPT.read_text())
    return (
        {name: Count(*figures) for name, figures in told["units"].items()} if told["python"] == python_minor() else {}
    )


def keep(counts: dict[str, Count]) -> None:
    """Write the figures down, with what they depend on."""
    packages = {name: version(name) for name in ("aiohttp", "msgspec", "anyio", "tenacity")}
    units = {name: [round(figure) for figure in count] for name, count in counts.items()}
    told = {"python": python_minor(), "machine": platform.machine(), "packages": packages, "units": units}
    KEPT.write_text(json.dumps(told, indent=1) + "\n")


def table(counts: dict[str, Count], before: dict[str, Count]) -> str:
    """Return the figures as a Markdown table, beside those that were kept."""
    lines = [
        "| instructions of | ours | floor | ratio | kept: ours | ratio | change |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, count in counts.items():
        row = f"| {UNITS[name].title} | {count.ours:,.0f} | {count.floor:,.0f} | {count.ratio:.3f} |"
        if then := before.get(name):
            row += f" {then.ours:,.0f} | {then.ratio:.3f} | {count.ours / then.ours - 1:+.1%} |"
        else:
            row += " – | – | – |"
        lines.append(row)
    return "\n".join(lines)


def main() -> None:
    """Count, show, and keep if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument("--unit", action="append", choices=UNITS, default=[], help="only this one; may be repeated")
    parser.add_argument("--keep", action="store_true", help=f"write the figures to {KEPT.relative_to(ROOT)}")
    arguments = parser.parse_args()
    if reason := why_not():
        sys.exit(f"nothing can be counted: {reason}")
    names = arguments.unit or list(UNITS)
    if missing := {UNITS[name].floor for name in names} - {"", *names}:
        parser.error(f"--unit {' --unit '.join(sorted(missing))} is needed, too: it has the floor")
    before, counts = kept(), counted(names)
    print(table(counts, before))
    if arguments.keep:
        keep({**before, **counts})


if __name__ == "__main__":
    main()
