"""What a test lets the service answer."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields, replace
from typing import cast

import msgspec

from imagine.server.faults import parse

__all__ = ["Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to one request, for `server.chat.replies(…)` and its like.

    One that says nothing lets the engines answer, late by its `delay` or spoilt by its `fault`. Raises ValueError or
    TypeError for a value that makes no sense.
    """

    text: str | None = None
    """The text; a stream sends it word by word."""
    _: KW_ONLY
    reasoning: str | None = None
    """The reasoning before the text."""
    tool_calls: Sequence[tuple[str, str | Mapping[str, object]]] = ()
    """Calls of tools, as pairs of a name and arguments; a text is sent as it is, so that it may be no valid JSON."""
    finish_reason: str | None = None
    """Why the answer ended; default: "tool_calls" where there are any, else "stop"."""
    chunks: Sequence[str] | None = None
    """The text cut into the pieces of a stream; empty ones are sent, too."""
    delay: float = 0
    """Seconds before anything is sent."""
    fault: str | None = None
    """What goes wrong, spelled as for `server.faults.script`: "cut-stream;after=2"."""

    def __post_init__(self) -> None:
        for name in ("text", "reasoning", "finish_reason", "fault"):
            _check_text(name, getattr(self, name))
        if self.chunks is not None:
            object.__setattr__(self, "chunks", _chunks(self.chunks))
        if None not in (self.text, self.chunks) and self.text != "".join(self.chunks or ()):
            raise ValueError(f"text= {self.text!r} is not what chunks= {self.chunks!r} make together: give one of them")
        _ = self.calls  # what JSON has no form for is told here
        _check_delay(self.delay)
        if self.fault is not None and not parse(self.fault).reads_body:
            raise ValueError(f"fault= {self.fault!r} strikes before a request is read: use server.faults.script")

    def __repr__(self) -> str:
        given = [field for field in fields(self) if getattr(self, field.name) != field.default]
        return f"Reply({', '.join(f'{field.name}={getattr(self, field.name)!r}' for field in given)})"

    @property
    def says_nothing(self) -> bool:
        """Whether the engines answer."""
        return replace(self, delay=0, fault=None) == Reply()

    @property
    def calls(self) -> list[tuple[str, str]]:
        """The tool calls, with their arguments as JSON text."""
        return [_tool_call(call) for call in self.tool_calls]

    @property
    def pieces(self) -> Sequence[str]:
        """The text as a stream sends it."""
        return re.findall(r"\s*\S+\s*\Z|\s*\S+|\s+", self.text or "") if self.chunks is None else self.chunks


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str | None):
        raise TypeError(f"{name}= must be a str or None, not {value!r}")


def _chunks(chunks: object) -> tuple[str, ...]:
    pieces = list(cast("Sequence[object]", chunks)) if isinstance(chunks, list | tuple) else []
    texts = tuple(piece for piece in pieces if isinstance(piece, str))
    if texts and len(texts) == len(pieces):
        return texts
    raise TypeError(f"chunks= must be a list of str with at least one, not {chunks!r}")


def _tool_call(call: object) -> tuple[str, str]:
    match call:
        case (str(name), str(arguments)):
            return name, arguments
        case (str(name), Mapping() as arguments):  # pyright: ignore[reportUnknownVariableType]
            return name, _encoded(cast("Mapping[str, object]", arguments))
        case _:
            raise TypeError(f"tool_calls= must be pairs of a name and arguments (a dict, or a str), not {call!r}")


def _encoded(arguments: Mapping[str, object]) -> str:
    try:
        return msgspec.json.encode(arguments).decode()
    except TypeError as error:
        raise TypeError(f"tool_calls= has arguments that JSON has no form for: {error}") from error


def _check_delay(delay: object) -> None:
    if isinstance(delay, bool) or not isinstance(delay, int | float):
        raise TypeError(f"delay= must be a number of seconds, not {delay!r}")
    if not 0 <= delay < math.inf:
        raise ValueError(f"delay= must be at least 0 seconds, not {delay!r}")
