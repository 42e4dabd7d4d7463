"""The faults by name: how they are declared, asked for, and described."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from imagine.server.faults.exchange import Exchange

__all__ = ["FAULTS", "Fault", "FaultCall", "Playable", "declare", "describe", "fault", "parse"]

Value = str | int | float | bool
Play = Callable[..., Awaitable[None]]


class Playable(Protocol):
    """What answers a request in place of the handler."""

    @property
    def name(self) -> str:
        """The name that a recorded request has for it."""
        ...

    @property
    def reads_body(self) -> bool:
        """Whether the request's body is read before it plays."""
        ...

    async def play(self, exchange: Exchange, /) -> None:
        """Answer on the exchange's wire."""
        ...


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault by its name."""

    name: str
    summary: str
    parameters: Mapping[str, Value]
    """Names, spelled with hyphens, and defaults, whose type is the parameter's type."""
    function: Play
    reads_body: bool

    @property
    def spelling(self) -> str:
        """The name with its parameters at their defaults."""
        return ";".join([self.name, *(f"{name}={_text(value)}" for name, value in self.parameters.items())])


@dataclass(frozen=True, slots=True)
class FaultCall:
    """A fault with the arguments given for it."""

    fault: Fault
    arguments: Mapping[str, Value]

    @property
    def name(self) -> str:
        """Name of the fault."""
        return self.fault.name

    @property
    def reads_body(self) -> bool:
        """Whether the request's body is read before it plays."""
        return self.fault.reads_body

    async def play(self, exchange: Exchange, /) -> None:
        """Answer on the exchange's wire."""
        arguments = {name.replace("-", "_"): value for name, value in self.arguments.items()}
        await self.fault.function(exchange, **arguments)


FAULTS: dict[str, Fault] = {}
"""Every fault, in the order of declaration."""


def declare(play: Play, described_by: Callable[..., object], *, reads_body: bool = True) -> None:
    """Register a fault; its name, summary and parameters (those with defaults) are read from a function."""
    name = described_by.__name__.replace("_", "-")
    parameters = {
        parameter.name.replace("_", "-"): parameter.default
        for parameter in inspect.signature(described_by).parameters.values()
        if parameter.default is not parameter.empty
    }
    summary = " ".join((described_by.__doc__ or "").split())
    FAULTS[name] = Fault(name, summary, parameters, play, reads_body)


def fault(play: Play) -> Play:
    """Declare a function as the fault of its name."""
    declare(play, play)
    return play


def parse(text: str) -> FaultCall:
    """Read `name;parameter=value;…`; ValueError for an unknown name lists the known ones."""
    name, *assignments = [part.strip() for part in text.split(";")]
    if name not in FAULTS:
        raise ValueError(f"Unknown fault {name!r}; known: {', '.join(sorted(FAULTS))}")
    return FaultCall(FAULTS[name], dict(_argument(FAULTS[name], assignment) for assignment in assignments))


def describe() -> str:
    """Return the table of all faults as text: each with its parameters and defaults, then what it does."""
    return "\n".join(f"{fault.spelling}\n    {fault.summary}" for fault in FAULTS.values())


def _argument(fault: Fault, assignment: str) -> tuple[str, Value]:
    name, _, text = assignment.partition("=")
    if name not in fault.parameters:
        known = ", ".join(fault.parameters) or "none"
        raise ValueError(f"Fault {fault.name!r} has no parameter {name!r}; it takes: {known}")
    try:
        return name, _value(text, type(fault.parameters[name]))
    except ValueError:
        raise ValueError(f"Fault {fault.name!r} needs a number for {name!r}, not {text!r}") from None


def _value(text: str, kind: type[Value]) -> Value:
    return text.lower() in ("", "1", "true", "yes") if kind is bool else kind(text)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
