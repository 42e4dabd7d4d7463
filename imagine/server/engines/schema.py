"""Values made to fit a JSON Schema: the arguments of tool calls, and answers in a response format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagine._schema.example import example as made
from imagine.server.engines.hints import MessageHints

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["example"]


def example(schema: Mapping[str, Any], message: str = "") -> object:
    """Make a value that fits a schema, with what a message says; ValueError where there is none."""
    return made(schema, MessageHints(message))
