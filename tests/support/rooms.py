"""The rooms of `imagine` and the arrows between them; `python tests/support/rooms.py` counts them.

A room is a folder or a module right below `imagine/`. An arrow is an import, also one for type checkers alone, also one
inside a function.
"""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

PACKAGE = Path(__file__).parents[2] / "imagine"

FLOORS = (
    *("_version", "_warn", "_log", "_headers", "types", "calls", "exceptions", "limits", "_redaction", "_record"),
    *("_threads", "_tracing", "_first_use", "_instead", "_plain", "_schema", "_json"),
    *("_pacing", "_answers", "_options", "_http", "_live", "streaming", "_tool", "_requests", "_running", "_asking"),
    *("_client", "async_client", "_blocking", "client", "tools", "parsing", "server", "testing", "otel", "langchain"),
    *("llama_index", "__init__"),
)
"""All rooms, from the ground up: each imports only what stands before it."""

WHEN_CALLED = {("types", "exceptions")}
"""Arrows that run back: data classes raise errors, which stand on `calls`, whose `CallInfo` has a data class."""


class Arrow(NamedTuple):
    """One import."""

    file: Path
    line: int
    module: str
    target: str
    """A module of ours, or of somebody else."""

    @property
    def rooms(self) -> tuple[str, str]:
        return room_of(self.module), room_of(self.target)

    def __str__(self):
        return f"{self.file.relative_to(PACKAGE.parent)}:{self.line} imports {self.target}"


def files():
    """Every module of the package but the tools, which are no part of the wheel."""
    return {name_of(path): path for path in sorted(PACKAGE.rglob("*.py")) if "_tools" not in path.parts}


def name_of(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


def room_of(module):
    """`_http` for `imagine._http.call`; `__init__` for the package itself."""
    return [*module.split("."), "__init__"][1]


def arrows():
    """Every import of the package."""
    modules = files()
    for module, path in modules.items():
        for node in ast.walk(ast.parse(path.read_text())):
            for target in _targets(node, modules):
                yield Arrow(path, node.lineno, module, target)


def _targets(node, modules):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        names = [f"{node.module}.{alias.name}" for alias in node.names]
        return {name if name in modules else node.module for name in names}
    return []


def between_rooms():
    """The arrows that lead from one room of ours to another."""
    inside = [arrow for arrow in arrows() if arrow.target.split(".")[0] == "imagine"]
    return [arrow for arrow in inside if arrow.rooms[0] != arrow.rooms[1]]


def runs_back(arrow):
    above, below = map(FLOORS.index, arrow.rooms)
    return below > above


def circle():
    """The modules of a circle of imports, and [] where there is none; what is imported when called is left out."""
    graph = {module: set() for module in files()}
    for arrow in arrows():
        if arrow.target in graph and arrow.target != arrow.module and arrow.rooms not in WHEN_CALLED:
            graph[arrow.module].add(arrow.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def bodies():
    """The lines of every function's body, without its docstring."""
    for path in files().values():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                if body:
                    yield body[-1].end_lineno - body[0].lineno + 1


def main():
    drawn = {arrow.rooms for arrow in between_rooms()}
    back = {arrow.rooms for arrow in between_rooms() if runs_back(arrow)}
    lengths = list(bodies())
    p98 = quantiles(lengths, n=50)[-1]
    print(f"rooms: {len(FLOORS)}, of them folders: {sum((PACKAGE / room).is_dir() for room in FLOORS)}")
    print(f"arrows between them: {len(drawn)}; that run back: {len(back - WHEN_CALLED)}; circles: {len(circle())}")
    print(f"imported only when called, so that it need not run back: {sorted(back & WHEN_CALLED)}")
    print(f"functions: {len(lengths)}; lines of a body: median {median(lengths):g}, p98 {p98:g}, most {max(lengths)}")


if __name__ == "__main__":
    sys.exit(main())
