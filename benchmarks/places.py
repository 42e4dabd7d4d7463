"""Where each client runs: this interpreter, or a virtual environment of its own, made when it is first needed."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

from benchmarks.clients import CLIENTS

__all__ = ["ROOT", "interpreter", "python_of"]

ROOT = Path(__file__).parents[1]
VENVS = Path(__file__).parent / ".venvs"


def python_of(client: str) -> str:
    """Return the interpreter that a client runs in; raises CalledProcessError where its packages cannot be had."""
    return interpreter(CLIENTS[client].requirement)


def interpreter(requirement: str | None) -> str:
    """Return the interpreter that has the requirement, this one for none; raises CalledProcessError as above."""
    return str(_venv(requirement) / "bin" / "python") if requirement else sys.executable


def _venv(requirement: str) -> Path:
    place = VENVS / requirement.removeprefix(".").strip("[]")
    finished = place / "finished"
    if not finished.exists():
        print(f"installing {requirement}", file=sys.stderr)
        venv.create(place, clear=True, with_pip=True)
        what = ["--editable", f"{ROOT}{requirement[1:]}"] if requirement.startswith(".") else [requirement]
        subprocess.run([place / "bin" / "python", "-m", "pip", "install", "-qq", *what], check=True)
        finished.touch()
    return place
