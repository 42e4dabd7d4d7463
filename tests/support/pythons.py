"""Find the interpreters to test with: `python pythons.py` prints `3.12 /path/to/python3.12` for each, a line each.

Every CPython from 3.11 to 3.14 but the one that runs this, once each: those on PATH and those that pyenv keeps.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

MINORS = range(11, 15)
ASKED = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


def candidates(minor):
    """Where a Python may be, the newest of pyenv's first."""
    name = f"python3.{minor}"
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from sorted(pyenv.glob(f"3.{minor}.*/bin/{name}"), reverse=True)
    if found := shutil.which(name):
        yield Path(found)


def works(python, minor):
    """Whether it starts: a shim of pyenv's is there for versions that are not."""
    ran = subprocess.run([python, "-c", ASKED], capture_output=True, text=True, check=False)
    return ran.stdout.split() == ["cpython", "3", str(minor)]


def main():
    for minor in MINORS:
        if minor != sys.version_info.minor:
            for python in candidates(minor):
                if works(python, minor):
                    print(f"3.{minor} {python}")
                    break


if __name__ == "__main__":
    main()
