"""`python -m imagine.server`, as a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from support.raw_http import EMBEDDING, get, post

from imagine.server.__main__ import main
from imagine.server.faults import FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command, and kill the process at the end."""
    command = [sys.executable, "-W", "error", "-m", "imagine.server", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background, and then by the command too
    with subprocess.Popen(command, text=True, env={**os.environ, "PYTHONUNBUFFERED": ""}, **pipes) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.anyio
async def test_the_command_serves_until_ctrl_c(tmp_path: Path) -> None:
    """It prints the endpoint once it serves, takes its options, says nothing else, and ends with status 0."""
    options = ["--port", "0", "--api-key", "one", "--api-key", "two", "--quota", "1/hour", "--tokens-per-second", "9"]
    with running(*options, "--db", str(tmp_path / "imagine.db")) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        async with ClientSession(f"{endpoint}/", headers={"Authorization": "Bearer two"}) as session:
            assert (await get(session, "ping"))["message"] == "pong"
            assert "data" in await post(session, "embeddings", EMBEDDING)
            assert (await post(session, "embeddings", EMBEDDING))["message"] == "Rate limit exceeded"
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0
    assert (tmp_path / "imagine.db").exists()


def test_a_key_is_made_and_printed_where_none_is_given() -> None:
    """The second line is the key to use."""
    with running("--port", "0") as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        assert len(process.stdout.readline().removeprefix("API key: ")) > 20


def test_a_bind_to_the_network_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """An open host ends the command with status 2 and the option that would allow it."""
    with pytest.raises(SystemExit) as exit_:
        main(["--host", "0.0.0.0"])
    assert exit_.value.code == 2
    assert "--unsafe-bind" in capsys.readouterr().err


def test_a_server_that_cannot_start_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reason on stderr and status 1, no traceback."""
    assert main(["--port", "0", "--db", str(tmp_path / "no" / "folder.db")]) == 1
    assert capsys.readouterr().err.startswith("Cannot serve: The database")


def test_the_help_of_faults_lists_all_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Each fault has its name, its parameters with their defaults, and a sentence."""
    assert main(["--help-faults"]) == 0
    shown = capsys.readouterr().out
    assert all(fault.summary.endswith(".") and f"\n    {fault.summary}\n" in shown for fault in FAULTS.values())
    assert "cut-stream;after=3;reset=true\n" in shown
