"""What is read off a process: its clocks, its memory, its network reads."""

from __future__ import annotations

import re
import socket
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["MIB", "Figures", "Peak", "Reads", "Stopwatch", "counted_reads", "resident"]

Figures = dict[str, float]
KIB = 1024
MIB = 1024 * KIB


class Stopwatch:
    """Wall and CPU time, of all threads, since it was made."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._wall = time.perf_counter()

    def stop(self, units: int) -> Figures:
        """Return the rate, the CPU microseconds of one unit, and how much of the time the CPU was ours."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"units": units, "seconds": wall, "rate": units / wall, "cpu": cpu / units * 1e6, "busy": cpu / wall}


def resident() -> int:
    """Return the bytes of this process that are in memory."""
    return _status("VmRSS")


class Peak:
    """The most memory that this process has had since the object was made."""

    def __init__(self) -> None:
        Path("/proc/self/clear_refs").write_text("5")  # man 5 proc: sets the peak back to what is in memory now
        self._start = resident()

    def growth(self) -> int:
        """Return how many bytes the peak is above the start."""
        return _status("VmHWM") - self._start


def _status(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    if found is None:
        raise LookupError(f"/proc/self/status has no {name}")
    return int(found[1]) * KIB


class Reads:
    """How often the network was read."""

    def __init__(self) -> None:
        self.count = 0
        self.over = False

    def note(self, frame: FrameType, event: str, called: object) -> None:
        """Take a call of a C function: what `sys.setprofile` calls."""
        del frame
        if self.over:
            sys.setprofile(None)  # in the thread that it runs in, which may live on
        elif event == "c_call" and getattr(called, "__name__", "") in ("recv", "recv_into"):
            # An event loop wakes itself up over a socket, too: that one is of another family.
            self.count += getattr(getattr(called, "__self__", None), "family", None) == socket.AF_INET


@contextmanager
def counted_reads() -> Iterator[Reads]:
    """Count the network reads of this thread and of those started meanwhile, whatever library does them; slow."""
    reads = Reads()
    threading.setprofile(reads.note)
    sys.setprofile(reads.note)
    try:
        yield reads
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
        reads.over = True
