"""What each client's program uses: it tries things one after the other, and tells of each how it went."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

URL = os.environ.get("OPENAI_BASE_URL", "")
KEY = os.environ.get("OPENAI_API_KEY", "")
CHAT, EMBEDDING, RERANKER = "Llama-3.1-8B", "BAAI/bge-large-en-v1.5", "BAAI/bge-reranker-base"
QUESTION = "What does a router do?"
IMAGE = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def tried(**attempts: Callable[[], object]) -> None:
    """Make each attempt, which fails by an error or by nothing that comes, and print a line of JSON for it."""
    for what, attempt in attempts.items():
        try:
            failure = "" if attempt() else "it gave nothing"
        except BaseException as error:  # whatever a client raises is what is told
            failure = f"{type(error).__name__}: {' '.join(str(error).split())}"
        print(json.dumps({"what": what, "failure": failure}), flush=True)


def fails(attempt: Callable[[], object], *names: str) -> bool:
    """Tell whether an attempt raises an error of one of these names."""
    try:
        attempt()
    except Exception as error:  # the names are checked: the classes are the client's own
        return type(error).__name__ in names
    return False
