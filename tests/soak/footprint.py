"""What this process holds: files, sockets, tasks, threads, objects, memory."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import NamedTuple

import psutil

MEGABYTE = 2**20
_PROCESS = psutil.Process()


class Footprint(NamedTuple):
    """What must be the same after a round as before it."""

    files: int
    """Open ones, sockets among them."""
    sockets: int
    """Of TCP, and connected."""
    tasks: int
    threads: int
    objects: int
    """Of the package's own classes: clients, streams, answers."""

    def __str__(self) -> str:
        return ", ".join(f"{name} {count}" for name, count in self._asdict().items())


def footprint() -> Footprint:
    """Count what is there now."""
    gc.collect()
    return Footprint(
        files=_PROCESS.num_fds(),
        sockets=len(_PROCESS.net_connections("tcp")),
        tasks=len(asyncio.all_tasks()),
        threads=threading.active_count(),
        objects=sum(str(type(thing).__module__).startswith("imagine.") for thing in gc.get_objects()),
    )


async def settled(expected: Footprint) -> Footprint:
    """Return the footprint once it is the expected one, or after five seconds as it is: sockets close a turn later."""
    for _ in range(50):
        if footprint() == expected:
            break
        await asyncio.sleep(0.1)
    return footprint()


def memory() -> float:
    """Return the resident memory in megabytes, after a collection."""
    gc.collect()
    return float(_PROCESS.memory_info().rss) / MEGABYTE
