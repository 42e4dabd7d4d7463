"""What `instrument` was told, and which calls are traced by it."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry import context, metrics, trace
from opentelemetry.trace import SpanKind

from imagine._warn import warn
from imagine.otel import names
from imagine.otel.harmless import harmless
from imagine.otel.providers import instruments_of, tracer_of
from imagine.otel.spans import CallSpan
from imagine.otel.tools import ToolSpan

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from imagine._record import CallRecord
    from imagine._redaction.redaction import Redaction
    from imagine.otel.spans import Facts

__all__ = ["Settings", "captures_by_environment"]

_CAPTURING = {
    **dict.fromkeys(("", "no_content", "event_only", "false"), False),
    **dict.fromkeys(("span_only", "span_and_event", "true"), True),
}
"""What the environment may say, and whether spans get what was said."""


class Settings(NamedTuple):
    """Providers that are None are looked up for each call, so that those that are set later are used."""

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    captures: bool

    def begin(self, record: CallRecord, host: str, port: int | None, content: bytes | None) -> CallSpan | None:
        """Begin to follow a call; None for one that has no span."""
        operation = names.OPERATIONS.get(record.path.strip("/")) if record.method == "POST" else None
        if operation is None or context.get_value(names.SUPPRESSED):
            return None
        model = record.redaction.text(record.model) if record.model else None
        facts: Facts = {names.OPERATION_NAME: operation, names.PROVIDER_NAME: names.PROVIDER}
        facts |= {names.REQUEST_MODEL: model} if model else {}
        facts |= {names.SERVER_ADDRESS: host} | ({names.SERVER_PORT: port} if port else {})
        span = None
        with harmless():
            span = self._begun(record, f"{operation} {model}" if model else operation, facts)
            span.describe_request(content)
        return span

    def begin_tool(
        self, name: str, description: str | None, call_id: str, arguments: str, redaction: Redaction
    ) -> ToolSpan | None:
        """Begin to follow a call of a tool; None where nothing is to be traced."""
        if context.get_value(names.SUPPRESSED):
            return None
        facts = {names.OPERATION_NAME: names.EXECUTE_TOOL, names.TOOL_NAME: name, names.TOOL_TYPE: "function"}
        facts |= {names.TOOL_CALL_ID: call_id} | ({names.TOOL_DESCRIPTION: description} if description else {})
        span = None
        with harmless():
            tracer = tracer_of(self.tracer_provider or trace.get_tracer_provider())
            begun = tracer.start_span(f"{names.EXECUTE_TOOL} {name}", attributes=facts)
            span = ToolSpan(begun, redaction if self.captures else None)
            span.capture(names.TOOL_ARGUMENTS, arguments)
        return span

    def _begun(self, record: CallRecord, name: str, facts: Facts) -> CallSpan:
        tracer = tracer_of(self.tracer_provider or trace.get_tracer_provider())
        instruments = instruments_of(self.meter_provider or metrics.get_meter_provider())
        began, waited = time.monotonic(), 0.0
        if not record.attempts:  # it failed before it could be sent: that took as long as it waited
            began, waited = record.started, began - record.started
        start = time.time_ns() - int(waited * 1e9)
        span = tracer.start_span(name, kind=SpanKind.CLIENT, attributes=facts, start_time=start)
        return CallSpan(span, facts, instruments, began, record.redaction if self.captures else None)


def captures_by_environment() -> bool:
    """Tell whether the environment asks for what was said; a value that nobody knows asks for nothing, and warns."""
    value = os.environ.get(names.CAPTURE_VARIABLE, "")
    known = _CAPTURING.get(value.strip().lower())
    if known is None:
        warn(
            f"{names.CAPTURE_VARIABLE}={value!r} is none of {', '.join(filter(None, _CAPTURING))}: nothing is captured"
        )
    return known or False
