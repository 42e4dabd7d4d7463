"""The text engine: an n-gram model, and all that a request can ask for."""

from __future__ import annotations

from imagine.server.engines.text.engine import DEFAULT_MAX_TOKENS, NgramTextEngine

__all__ = ["DEFAULT_MAX_TOKENS", "NgramTextEngine"]
