"""Find the interpreters to test with: `python pythons.py` prints `3.12 /path/to/python3.12` for each, a line each.

Every CPython from 3.11 to 3.14 but the one that runs this, once each: those that pyenv keeps and those on PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

MINORS = range(11, 15)
ASKED = "import ensurepip, sys; print(sys.implementation.name, *sys.version_info[:2])"


def candidates(minor):
    """Where a Python may be: pyenv's releases, the newest first, then PATH."""
    name = f"python3.{minor}"
    yield from sorted(pyenv().glob(f"3.{minor}.*[0-9]/bin/{name}"), key=patch, reverse=True)
    for folder in os.get_exec_path():
        if found := shutil.which(name, path=folder):
            yield Path(found)


def pyenv():
    """Where pyenv keeps its versions."""
    return Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"


def patch(python):
    """The 10 of `3.12.10/bin/python3.12`, which is newer than 9; pre-releases are older than all."""
    number = python.parts[-3].split(".")[2]
    return int(number) if number.isdigit() else -1


def works(python, minor):
    """Whether it starts, as a shim of pyenv's does not where the version is gone, and can make environments."""
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
