"""One traced call of a tool, as a run with tools makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry import context
from opentelemetry.trace import StatusCode, set_span_in_context

from imagine.otel import names
from imagine.otel.harmless import harmless

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from imagine._redaction.redaction import Redaction

__all__ = ["ToolSpan"]


class ToolSpan:
    """A tool under way, whose span is current in its context, which ends with it."""

    def __init__(self, span: Span, capturing: Redaction | None) -> None:
        self._span = span
        self._capturing = capturing if span.is_recording() else None
        context.attach(set_span_in_context(span))

    def capture(self, name: str, text: str) -> None:
        """Note what was said, where that is asked for."""
        if self._capturing is not None:
            self._span.set_attribute(name, self._capturing.text(text))

    @harmless()
    def end(self, content: str | None, error: Exception | None) -> None:
        """End the span; a call that was cancelled is no error."""
        if error is not None:
            self._span.set_status(StatusCode.ERROR)
            self._span.set_attribute(names.ERROR_TYPE, type(error).__name__)
        if content is not None:
            self.capture(names.TOOL_RESULT, content)
        self._span.end()
