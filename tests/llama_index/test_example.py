"""The example, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "llama_index_agent.py"

pytestmark = pytest.mark.slow


def test_the_agent_runs_its_tools(imagine_environment):
    """Each question is answered with what its tool gave, and nothing is said on stderr."""
    ended = subprocess.run([sys.executable, EXAMPLE], capture_output=True, encoding="utf-8", timeout=50, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert "→ 2027-05-17 is a Monday" in ended.stdout
    assert "→ 26.2 miles are 42.16 km" in ended.stdout
    roles = [[message.role for message in request.messages] for request in imagine_environment.chat.requests]
    assert roles == [["user"], ["user", "assistant", "tool"]] * 2
