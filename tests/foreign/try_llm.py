"""The command line `llm`, with a model of its extra-openai-models.yaml."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tried import CHAT, KEY, QUESTION, URL, tried

WEATHER = "def weather(city: str): return 'sunny'"
home = Path(tempfile.mkdtemp())
options = "api_key_name: local\n  supports_schema: true\n  supports_tools: true\n  vision: true"
(home / "keys.json").write_text(json.dumps({"local": KEY}))
(home / "extra-openai-models.yaml").write_text(
    f"- model_id: local\n  model_name: {CHAT}\n  api_base: {URL}\n  {options}\n"
    f"- model_id: prompt\n  model_name: {CHAT}\n  api_base: {URL}\n  api_key_name: local\n  completion: true\n"
)


def llm(*arguments: str) -> str:
    environment = {**os.environ, "LLM_USER_PATH": str(home)}
    command = [sys.executable, "-m", "llm", *arguments]
    done = subprocess.run(command, env=environment, input="", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


tried(
    chat=lambda: llm("-m", "local", "--no-stream", QUESTION),
    streams=lambda: llm("-m", "local", QUESTION),
    tools=lambda: "sunny" in llm("-m", "local", "--functions", WEATHER, "weather in Oslo?"),
    structured=lambda: "Oslo" in llm("-m", "local", "--schema", "city, days int", 'Two days in "Oslo"'),
    completions=lambda: llm("-m", "prompt", "Once"),
)
