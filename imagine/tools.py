"""Tools: functions that a model may ask to be called.

    from imagine import tool

    @tool
    def weather(city: str, unit: Literal["C", "F"] = "C") -> str:
        '''Tell the weather of a city, by its English name.'''
        return ...

The schema comes from the hints, the texts from the docstring, and what the model sends is checked against both.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from imagine._running.run import AsyncToolRun, AsyncToolStream
from imagine._running.turns import ToolCall, ToolResult, Turn
from imagine._tool import Tool, ToolArgumentsError, tool

if TYPE_CHECKING:
    from imagine._blocking.faces import ToolRun, ToolStream

__all__ = [
    "AsyncToolRun",
    "AsyncToolStream",
    "Tool",
    "ToolArgumentsError",
    "ToolCall",
    "ToolResult",
    "ToolRun",
    "ToolStream",
    "Turn",
    "tool",
]

if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module("imagine._blocking.faces"), name))
