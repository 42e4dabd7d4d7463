"""GuideLLM, which measures how a server bears its load."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tried import CHAT, URL, tried


def measured() -> bool:
    """Measure a few chats; AssertionError with its last words."""
    folder = tempfile.mkdtemp()
    requests = Path(folder, "requests.jsonl")
    requests.write_text('{"prompt": "What does a router do?"}\n' * 8)
    target = ["--target", URL.removesuffix("/v1"), "--model", CHAT, "--output-path", folder]
    load = ["--rate-type", "concurrent", "--rate", "2", "--max-requests", "8", "--data", str(requests)]
    command = [sys.executable, "-m", "guidellm", "benchmark", *target, *load]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "GUIDELLM__OPENAI__API_KEY": os.environ["OPENAI_API_KEY"]}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, (done.stderr or done.stdout)[-300:]
    return True


tried(load=measured)
