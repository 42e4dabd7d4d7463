"""Values made to fit a JSON Schema: the arguments of tool calls, and answers in a response format."""

from __future__ import annotations

from imagine.server.engines.schema.example import example

__all__ = ["example"]
