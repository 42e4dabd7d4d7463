"""Where `imagine.otel` sees calls: one global, None while nobody traces."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from imagine._record import CallRecord
    from imagine._redaction.redaction import Redaction

__all__ = ["Begin", "BeginTool", "CallTrace", "ToolTrace", "begin", "begin_tool"]

T = TypeVar("T")


class CallTrace(Protocol):
    """Follows one call to its end; it raises nothing."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What goes out with each attempt, so that the service's spans find ours."""
        ...

    def sends(self, sending: Coroutine[Any, Any, T]) -> Coroutine[Any, Any, T]:
        """Wait for the head of an answer; whatever is traced meanwhile belongs to this call."""
        ...

    def received(self, chunks: Sequence[object]) -> None:
        """Take the chunks of one read of a stream, of which there are some."""
        ...

    def end(self, record: CallRecord, error: BaseException | None) -> None:
        """End, with a record that tells how, and what was raised."""
        ...


class ToolTrace(Protocol):
    """Follows one call of a tool to its end; it raises nothing."""

    def end(self, content: str | None, error: Exception | None) -> None:
        """End, with what the model is told, None where the call was cancelled; and with what was raised."""
        ...


Begin = Callable[["CallRecord", str, int | None, bytes | None], CallTrace | None]
"""Follow a call, or not, in its caller's context: its record, host, port and JSON. One that never was sent is begun
when it ends, without an attempt."""

begin: Begin | None = None

BeginTool = Callable[[str, str | None, str, str, "Redaction"], ToolTrace | None]
"""Follow a call of a tool, or not: its name, description, id and arguments. It runs in the context that the tool is
called in, and leaves its span there."""

begin_tool: BeginTool | None = None
