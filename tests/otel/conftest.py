"""Tracing switched on, into memory."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import imagine.otel


class Traced:
    """What has been traced and measured."""

    def __init__(self):
        self._exporter = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.meters = MeterProvider([self._reader])
        self.tracer = self.tracers.get_tracer("tests")

    @property
    def spans(self):
        """Those that have ended, oldest first."""
        return list(self._exporter.get_finished_spans())

    @property
    def ours(self):
        """Those of calls."""
        return [span for span in self.spans if span.instrumentation_scope.name == "imagine"]

    @property
    def points(self):
        """The points of each histogram, by its name."""
        data = self._reader.get_metrics_data()
        metrics = [one for kind in data.resource_metrics for scope in kind.scope_metrics for one in scope.metrics]
        return {metric.name: metric.data.data_points for metric in metrics}


@pytest.fixture
def traced():
    """Trace the calls of one test."""
    traced = Traced()
    imagine.otel.instrument(traced.tracers, traced.meters)
    yield traced
    imagine.otel.uninstrument()
    traced.tracers.shutdown()
    traced.meters.shutdown()
