"""The walls of the house: which room may import which, and who may know aiohttp. A message says what to do."""

from __future__ import annotations

import ast

import pytest
from support.rooms import FLOORS, PACKAGE, WHEN_CALLED, arrows, between_rooms, circle, runs_back

PRIVATE_FOLDERS = [room for room in FLOORS if room.startswith("_") and (PACKAGE / room).is_dir()]
EXTRAS = {
    "pytest": ["testing"],
    "llama_cpp": ["server"],
    "opentelemetry": ["otel"],
    "langchain_core": ["langchain"],
    "langchain": [],
    "pydantic": ["langchain"],
    "llama_index": ["llama_index"],
    "pydantic_core": [],
    "PIL": ["types", "_images"],  # for an image that is asked for as one of Pillow; and for type checkers
    "fastapi": [],
}
"""Packages that the core does not install, and the rooms that import them."""


def test_every_room_has_its_floor():
    """A new folder or module right below `imagine/` is put on the list of `tests/support/rooms.py` and on the map."""
    rooms = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert rooms == set(FLOORS), "put the new room on its floor in FLOORS, and a line about it into CONTRIBUTING.md"


def test_arrows_run_one_way():
    """A room imports only what stands below it, for type checkers, too."""
    back = [str(arrow) for arrow in between_rooms() if runs_back(arrow) and arrow.rooms not in WHEN_CALLED]
    assert not back, "what both rooms need goes into the lower one, or is handed in as an argument"


def test_what_is_imported_when_called_is_imported_when_called():
    """An import that may run back stands inside a function."""
    for arrow in between_rooms():
        if arrow.rooms in WHEN_CALLED:
            functions = [
                node for node in ast.walk(ast.parse(arrow.file.read_text())) if isinstance(node, ast.FunctionDef)
            ]
            inside = any(node.lineno < arrow.line <= (node.end_lineno or 0) for node in functions)
            assert inside, f"{arrow}: only inside a function"


def test_there_are_no_circles():
    """No module imports itself by way of others, not even for type checkers."""
    assert not circle(), "move what the modules of the circle share into one that imports none of them"


def test_aiohttp_stands_in_two_rooms():
    """The rest of the package knows nothing of HTTP, and can be imported without it."""
    known = [
        str(arrow) for arrow in arrows() if _package(arrow) == "aiohttp" and arrow.rooms[0] not in ("_http", "server")
    ]
    assert not known, "what needs aiohttp goes into imagine/_http/; hand in or out values of our own"


def test_the_core_imports_no_extra():
    """What only an extra installs is imported by the room of that extra alone."""
    wrong = [str(arrow) for arrow in arrows() if arrow.rooms[0] not in EXTRAS.get(_package(arrow), [arrow.rooms[0]])]
    assert not wrong, "an extra is a public room of its own, which the core does not import"


@pytest.mark.parametrize("folder", PRIVATE_FOLDERS)
def test_a_private_folder_opens_with_its_list(folder):
    """Its `__init__` is a docstring alone, with a line for each module."""
    opening = ast.parse((PACKAGE / folder / "__init__.py").read_text()).body
    assert len(opening) == 1, f"imagine/{folder}/__init__.py is a docstring and nothing else"
    listed = [line[3:].partition("`")[0] for line in opening[0].value.value.splitlines() if line.startswith("- `")]
    modules = {path.stem for path in (PACKAGE / folder).glob("*.py")} - {"__init__"}
    assert set(listed) == modules, f"imagine/{folder}/__init__.py has a line `- `name`: what it holds.` for each module"


def _package(arrow):
    return arrow.target.partition(".")[0]
