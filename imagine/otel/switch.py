"""Tracing switched on and off, for all clients of the process."""

from __future__ import annotations

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from imagine import _tracing
from imagine.otel.providers import instruments_of, tracer_of
from imagine.otel.settings import Settings, captures_by_environment

__all__ = ["instrument", "uninstrument"]


def instrument(
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
    capture_content: bool | None = None,
) -> None:
    """Trace and measure all calls that begin from now on; a second time replaces what the first has set.

    Args:
        tracer_provider: Where spans go; default: the global provider at the time of each call.
        meter_provider: Where metrics go; default: the global provider at the time of each call.
        capture_content: Whether spans get what was asked and answered, without the client's secrets. Default: as the
            variable OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT says, which is read now: SPAN_ONLY,
            SPAN_AND_EVENT and true capture; NO_CONTENT, EVENT_ONLY, false and none at all do not.

    Raises:
        TypeError: A value of the wrong type.
    """
    _check("tracer_provider", tracer_provider, TracerProvider)
    _check("meter_provider", meter_provider, MeterProvider)
    _check("capture_content", capture_content, bool)
    captures = captures_by_environment() if capture_content is None else capture_content
    settings = Settings(tracer_provider, meter_provider, captures)
    _tracing.begin, _tracing.begin_tool = settings.begin, settings.begin_tool


def uninstrument() -> None:
    """Trace no calls that begin from now on; those under way are traced to their end."""
    _tracing.begin = _tracing.begin_tool = None
    tracer_of.cache_clear()
    instruments_of.cache_clear()


def _check(name: str, value: object, wanted: type) -> None:
    if not isinstance(value, wanted | None):
        raise TypeError(f"{name} must be a {wanted.__name__} or None, not {type(value).__name__}")
