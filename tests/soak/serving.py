"""The local server in a process of its own, so that what is measured is one side alone."""

from __future__ import annotations

import resource
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "soak"


class Serving(NamedTuple):
    """A running server."""

    endpoint: str
    pid: int


@contextmanager
def serving(*options: str) -> Iterator[Serving]:
    """Run the local server within the context."""
    command = [sys.executable, "-m", "imagine.server", "--port", "0", "--api-key", KEY, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield Serving(server.stdout.readline().strip(), server.pid)
        finally:
            server.terminate()


def allow_open_files() -> None:
    """Raise the limit of open files as far as it goes, for servers started afterwards, too."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
