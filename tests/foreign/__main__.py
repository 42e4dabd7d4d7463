"""Other projects' clients against the local server, as a table: `python tests/foreign [CLIENT …]`.

Each client is installed into an environment of its own, below `.venv-foreign`, and tries what it has; what it cannot
be installed or run for is told. The exit status is 0 where everything that was tried went well.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from imagine.server import LocalServer

HERE = Path(__file__).parent
ENVIRONMENTS = Path(".venv-foreign")
CLIENTS = {
    "openai": ("openai>=3,<4", "pydantic"),
    "langchain-openai": ("langchain-openai", "langchain-tests"),
    "langchain-qualcomm-inference-suite": (".[langchain]",),
    "litellm": ("litellm",),
    "llm": ("llm",),
    "pydantic-ai": ("pydantic-ai-slim[openai]",),
    "instructor": ("instructor",),
    "guidellm": ("guidellm",),
    "aiperf": ("aiperf",),
}
WITHOUT_DEPENDENCIES = {"langchain-qualcomm-inference-suite": ("langchain-qualcomm-inference-suite==1.0.0",)}
"""What stands on this package under its other name, and wants an older langchain-core."""
INSTALL_SECONDS, TRY_SECONDS = 1800, 600


def main(names: list[str]) -> int:
    """Try the named clients, or all, and return the exit status."""
    print("| client | went well | did not |\n|---|---|---|")
    failed = False
    for name in names or CLIENTS:
        went_well, failures = results(name)
        failed = failed or bool(failures)
        print(f"| {name} | {', '.join(went_well) or '-'} | {'; '.join(failures) or '-'} |", flush=True)
    return int(failed)


def results(name: str) -> tuple[list[str], list[str]]:
    """Return what went well with a client, and what did not, with the reason."""
    if reason := installed(name):
        return [], [f"not installed: {reason}"]
    with LocalServer() as server:
        there = {"OPENAI_BASE_URL": server.openai_base_url, "OPENAI_API_KEY": server.api_key}
        there |= {"IMAGINE_API_ENDPOINT": server.endpoint, "IMAGINE_API_KEY": server.api_key}
        program = HERE / f"try_{name.replace('-', '_')}.py"
        lines, reason = run(python(name), str(program), seconds=TRY_SECONDS, **there)
    tried = [json.loads(line) for line in lines.splitlines() if line.startswith('{"what"')]
    failures = [f"{each['what']}: {each['failure']}" for each in tried if each["failure"]]
    went_well = [each["what"] for each in tried if not each["failure"]]
    return went_well, failures + ([f"the program ended: {reason}"] if reason else [])


def installed(name: str) -> str:
    """Make the client's environment, unless it is there; return why that failed, or nothing."""
    done = ENVIRONMENTS / name / ".installed"
    if done.exists():
        return ""
    _, reason = run(Path(sys.executable), "-m", "venv", str(ENVIRONMENTS / name), seconds=INSTALL_SECONDS)
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    if not reason:
        _, reason = run(python(name), *pip, *CLIENTS[name], seconds=INSTALL_SECONDS)
    if not reason and (alone := WITHOUT_DEPENDENCIES.get(name)):
        _, reason = run(python(name), *pip, "--no-deps", *alone, seconds=INSTALL_SECONDS)
    if not reason:
        done.touch()
    return reason


def python(name: str) -> Path:
    """Return the interpreter of a client's environment."""
    return ENVIRONMENTS.absolute() / name / "bin" / "python"


def run(program: Path, *arguments: str, seconds: float, **environment: str) -> tuple[str, str]:
    """Run a program, and return what it printed and, where it failed, its last words."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, env={**kept, **environment}, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return "", f"it took more than {seconds:g} s"
    last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return done.stdout, last if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
