"""One sample of one case by one client, in a fresh process; prints its figures as JSON."""

from __future__ import annotations

import json
import resource
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from benchmarks.cases import CASES, Case, Effort
from benchmarks.clients import CLIENTS
from benchmarks.work import WORK, Task

if TYPE_CHECKING:
    from benchmarks.figures import Figures

__all__ = ["main", "sample"]


def sample(case: Case, client: str, port: int, effort: Effort) -> Figures:
    """Take a sample in this process."""
    endpoint = f"http://127.0.0.1:{port}/{case.plan.format(n=effort.size(case))}"
    api = import_module(f"benchmarks.clients.{CLIENTS[client].module}")
    return WORK[case.work](Task(api, case, endpoint, effort))


def main(arguments: list[str]) -> None:
    """Take the sample that CASE CLIENT PORT SECONDS SCALE ask for, with as many open files as are allowed."""
    case, client, port, seconds, scale = arguments
    _settle_allocator()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(json.dumps(sample(CASES[case], client, int(port), Effort(float(seconds), float(scale)))))


def _settle_allocator() -> None:
    """Free one large block, after which glibc no longer maps and unmaps a block for each read of a socket.

    A program gets there by chance, with the first large answer or while it imports; it halves the cost of a read. Here
    all clients start from there.
    """
    bytes(1024 * 1024)


if __name__ == "__main__":
    main(sys.argv[1:])
