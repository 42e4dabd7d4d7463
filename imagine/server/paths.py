"""The two bases below which the routes stand: our own, and that of OpenAI's clients."""

from __future__ import annotations

from functools import lru_cache

__all__ = ["BASE_PATH", "BASE_PATHS", "OPENAI_PATH", "route_of"]

BASE_PATH = "/apis/v2"
"""Path of the endpoint."""
OPENAI_PATH = "/v1"
"""Path of the base URL that OpenAI's clients are given."""
BASE_PATHS = (BASE_PATH, OPENAI_PATH)


@lru_cache(maxsize=256)
def route_of(path: str) -> str:
    """Return what stands below the base that a request came through; the path itself where it is below none."""
    for base in BASE_PATHS:
        if path.startswith(f"{base}/"):
            return path[len(base) + 1 :]
    return path
