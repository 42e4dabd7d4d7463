"""Check what `make dist` has built: `python check_dist.py FOLDER` looks into its wheel and its sdist.

The wheel is then installed in a clean environment, and `examples/quickstart.py` run from it against its own server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
IN_WHEEL = ("imagine/__init__.py", "imagine/py.typed", "imagine/client.py", "imagine/server/engines/text/corpus.txt")
IN_SDIST = (
    *("imagine/_tools/sync.py", "tests/conftest.py", "examples/quickstart.py", "benchmarks/__main__.py"),
    *("CHANGELOG.md", "README.md", "LICENSE", "Makefile", "pyproject.toml", ".github/CONTRIBUTING.md", ".ci/run"),
    "tests/dist/check_dist.py",  # a pattern of .gitignore once kept it out
)
NEVER = ("__pycache__", "*.py[co]", ".venv*", "*.egg-info", ".*_cache", ".hypothesis", ".coverage*", ".git")

PROBE = """
import imagine, pathlib, sys
home = pathlib.Path(imagine.__file__).resolve()
assert pathlib.Path(sys.prefix).resolve() in home.parents, f"imported from {home}, not from the wheel"
print("imagine", imagine.__version__, "from the wheel")
"""


def check(names, wanted, where):
    """Refuse a list of files that lacks one, or has one that is nobody's business."""
    missing = sorted(set(wanted) - set(names))
    strange = sorted(name for name in names if is_strange(name))
    if missing or strange:
        sys.exit(f"{where} lacks {missing} and has {strange}")
    print(f"{where}: {len(names)} files")


def is_strange(name):
    """Whether a path leads through what a machine leaves behind."""
    return any(fnmatch(part, pattern) for part in name.split("/") for pattern in NEVER)


def check_wheel(wheel):
    """Find the package in it, with its license, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    check(names, IN_WHEEL, wheel.name)
    inside = [name for name in names if ".dist-info/" not in name]
    if outside := [name for name in inside if not name.startswith("imagine/") or "/_tools/" in name]:
        sys.exit(f"{wheel.name} has more than the package: {outside}")
    if not any(name.endswith("licenses/LICENSE") for name in names):
        sys.exit(f"{wheel.name} lacks its license")


def check_sdist(sdist):
    """Find in it what a checkout has; its paths start with a folder named after the version."""
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    check(names, IN_SDIST, sdist.name)


def run_from(wheel):
    """Install the wheel where nothing else is, and run the quickstart from another folder."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        for command in (
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel],
            [python, "-m", "pip", "check"],
            [python, "-c", PROBE],
            [python, ROOT / "examples" / "demo.py", "--out", folder],
        ):
            subprocess.run(command, check=True, cwd=folder, env=environment)


def main(folder):
    """Check both, of which there is one each."""
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    check_wheel(wheel)
    check_sdist(sdist)
    run_from(wheel.resolve())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
