"""GuideLLM, which measures how a server bears its load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tokenizer import saved
from tried import CHAT, KEY, URL, tried


def measured() -> bool:
    """Measure eight chats, all answered well; AssertionError with its last words."""
    folder = tempfile.mkdtemp()
    requests = Path(folder, "requests.jsonl")
    requests.write_text('{"prompt": "What does a router do?"}\n' * 8)
    backend = f"kind=openai_http,target={URL.removesuffix('/v1')},model={CHAT},api_key={KEY}"
    load = ["--profile", "kind=concurrent,streams=2", "--constraint", "kind=max_requests,count=8"]
    data = ["--data", f"kind=json_file,path={requests}"]
    tokenizer = ["--tokenizer", f"kind=huggingface_auto,model={saved(Path(folder, 'tokenizer'))}"]
    command = [sys.executable, "-m", "guidellm", "run", "--backend", backend, *load, *data, *tokenizer]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, (done.stderr or done.stdout)[-300:]
    report = json.loads(Path(folder, "benchmarks.json").read_text())
    return report["benchmarks"][0]["metrics"]["request_totals"]["successful"] == 8


tried(load=measured)
