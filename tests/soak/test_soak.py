"""The soak test in short."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

COMMAND = [sys.executable, "-W", "error", str(Path(__file__).with_name("soak.py"))]


def soak(*options: str) -> tuple[int, list[str], str]:
    """Run the soak test and return its status, its lines, and what went wrong."""
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


def test_nothing_is_lost_and_nothing_is_left() -> None:
    """Of 50 streams at once with faults, each ends with its whole text or an error of ours, and nothing is left."""
    status, lines, errors = soak("--rounds", "2", "--seconds", "1", "--streams", "50", "--tokens-per-second", "20")
    assert (status, lines[-1], errors) == (0, "nothing was lost, nothing is left", "")
    assert len(lines) == 4
