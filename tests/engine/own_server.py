"""The local server before a real model, as the command runs it: in the engine's environment, or as a gateway."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from llama_server import Engine

if TYPE_CHECKING:
    from collections.abc import Generator

KEY = "own-key"
VECTORS = "minilm"


def embedding_model(python: str, folder: Path) -> Path:
    """Write the embedding model to a folder."""
    target = folder / f"{VECTORS}.gguf"
    subprocess.check_call([python, str(Path(__file__).with_name("minilm.py")), str(target)])
    return target


@contextmanager
def own_server(python: str, model: str, *options: str) -> Generator[Engine]:
    """Run `python -m imagine.server` with options, until the block ends."""
    command = [python, "-m", "imagine.server", "--port", "0", "--api-key", KEY, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Engine(process.stdout.readline().strip(), KEY, model)
        finally:
            process.kill()
