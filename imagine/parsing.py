"""Typed answers: a value of your type from a model, whole or while it streams.

    parsed = await client.chat_parse(messages, list[Person])
    parsed.value[0].name

    async for partial in client.chat_parse_stream(messages, list[Person]):
        show(partial.data)

What a model writes is found in its sentences, mended where it is clear what was meant, and asked for again where it
does not fit.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from imagine._asking.outcomes import Parsed, Partial
from imagine._asking.partial_stream import AsyncPartialStream

if TYPE_CHECKING:
    from imagine._blocking.faces import PartialStream

__all__ = ["AsyncPartialStream", "Parsed", "Partial", "PartialStream"]

if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module("imagine._blocking.faces"), name))
