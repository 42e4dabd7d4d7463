"""Fixtures of the tests that need a real engine.

`make test-engine` installs one into an environment of its own and names that in IMAGINE_ENGINE_VENV; without the
variable the tests of this folder are not collected.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from llama_server import running_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llama_server import Engine

FIGURES = pytest.StashKey[list[str]]()

collect_ignore_glob = [] if "IMAGINE_ENGINE_VENV" in os.environ else ["test_*.py"]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The engine in place of the local server; one for all tests, since its start takes seconds."""
    venv = Path(os.environ["IMAGINE_ENGINE_VENV"])
    with running_engine(venv, tmp_path_factory.mktemp("engine") / "server.log") as engine:
        yield engine


@pytest.fixture
def figures(pytestconfig: pytest.Config) -> list[str]:
    """Lines to print at the end of the run."""
    return pytestconfig.stash.setdefault(FIGURES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures."""
    if lines := config.stash.get(FIGURES, None):
        terminalreporter.write_sep("=", "figures of the engine")
        terminalreporter.write_line("\n".join(lines))
