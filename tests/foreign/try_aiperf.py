"""AIPerf, which measures how a server bears its load."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizer import saved
from tried import CHAT, KEY, URL, tried


def measured() -> bool:
    """Measure a few chats; AssertionError with its last words."""
    folder = tempfile.mkdtemp()
    prompts = Path(folder, "prompts.jsonl")
    prompts.write_text('{"text": "What does a router do?"}\n' * 8)
    aiperf = str(Path(sys.executable).with_name("aiperf"))
    target = ["--url", URL.removesuffix("/v1"), "--model", CHAT, "--api-key", KEY, "--endpoint-type", "chat"]
    load = ["--streaming", "--concurrency", "2", "--request-count", "8", "--input-file", str(prompts)]
    options = ["--custom-dataset-type", "single_turn", "--use-server-token-count", "--ui", "none"]
    command = [
        aiperf,
        "profile",
        *target,
        *load,
        *options,
        "--artifact-dir",
        folder,
        "--tokenizer",
        saved(Path(folder, "tokenizer")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, (done.stderr or done.stdout)[-300:]
    return True


tried(load=measured)
