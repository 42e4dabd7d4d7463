"""What others have built on this package under its other name: langchain-qualcomm-inference-suite, unchanged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent / "foreign" / "try_langchain_qualcomm_inference_suite.py"
PACKAGE = "langchain-qualcomm-inference-suite==1.0.0"


@pytest.fixture
def package(tmp_path):
    """The package alone: it wants an older langchain-core, and the SDK that this one replaces."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    installed = subprocess.run([*pip, "--target", tmp_path, PACKAGE], capture_output=True, text=True, timeout=50)
    if installed.returncode:
        pytest.skip(f"{PACKAGE} is not to be had here: {installed.stderr.strip()[-200:]}")
    return tmp_path


def test_what_its_readme_shows_works_on_this_package(package, server):
    """Chats, streams, tools, embeddings and errors go well, for code that blocks and code that awaits."""
    there = {"IMAGINE_API_ENDPOINT": server.endpoint, "IMAGINE_API_KEY": server.api_key, "PYTHONPATH": str(package)}
    run = [sys.executable, str(PROGRAM)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=50, env={**os.environ, **there})
    tried = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"what"')]
    assert [each["failure"] for each in tried if each["failure"]] == []
    assert len(tried) == 9, done.stderr
