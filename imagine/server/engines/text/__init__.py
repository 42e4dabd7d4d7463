"""The text engine: an n-gram model and what a request can ask of its text."""

from __future__ import annotations

from imagine.server.engines.text.engine import DEFAULT_MAX_TOKENS, NgramTextEngine

__all__ = ["DEFAULT_MAX_TOKENS", "NgramTextEngine"]
