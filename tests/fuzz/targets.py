"""What there is to fuzz: a module `fuzz_NAME` for each target, and the inputs that are kept for it in `corpus/NAME`.

A target has `fuzz`, which fails where its promise does not hold for some bytes, and `PIECES` of what its inputs are
made of.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

HERE = Path(__file__).parent
SHARED = ("", "answers", "client", "redaction")
"""Folders of tests that hold what targets share with them."""
sys.path += [str(HERE.parent / folder) for folder in SHARED]
NAMES = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))


class Target(Protocol):
    """What a module of a target has."""

    PIECES: list[bytes]

    def fuzz(self, data: bytes) -> None:
        """Fail where the promise of the target does not hold."""


def target(name: str) -> Target:
    """Import a target."""
    return cast("Target", import_module(f"fuzz_{name}"))


def corpus(name: str) -> Path:
    """Return the folder of the inputs kept for a target."""
    return HERE / "corpus" / name
