"""Traces, metrics for Prometheus and a log in JSON, of every call.

    pip install 'imagine-aio[otel]' opentelemetry-sdk opentelemetry-exporter-prometheus
    python examples/observability.py            # asks some questions, and shows what Prometheus would read
    python examples/observability.py 9464       # serves it on this port, until Ctrl-C

Each line of the log is what the SDK notes of a call: names and numbers, no prompt, no key; and the trace it belongs to.
Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from opentelemetry import metrics, trace
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import generate_latest, start_http_server

import imagine.otel
from imagine import ChatMessage, ImagineAsyncClient, ImagineException

QUESTION = ChatMessage(role="user", content="What is a trace?")


class JSONFormatter(logging.Formatter):
    """A line of JSON for each record; of a call, with all that the SDK tells."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        call = getattr(record, "call", None) or {"message": record.getMessage()}
        trace_id = trace.get_current_span().get_span_context().trace_id
        return json.dumps({"level": record.levelname, "trace_id": f"{trace_id:032x}", **call})


def observe() -> None:
    """Set up once, where the program begins."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JSONFormatter())
    log = logging.getLogger("imagine")
    log.addHandler(handler)
    log.setLevel(logging.INFO)

    trace.set_tracer_provider(TracerProvider())  # with a processor that exports, such as that of OTLP
    metrics.set_meter_provider(MeterProvider([PrometheusMetricReader()]))
    imagine.otel.instrument()


async def work() -> None:
    with trace.get_tracer("observability").start_as_current_span("a request of my application"):
        async with ImagineAsyncClient() as client:
            await client.chat([QUESTION], max_tokens=40)
            await client.chat_stream([QUESTION], max_tokens=40, stream_options={"include_usage": True}).final()
            try:
                await client.chat([QUESTION], "no-such-model")
            except ImagineException as error:
                print(f"as expected: {type(error).__name__}")


def main() -> None:
    observe()
    asyncio.run(work())
    if len(sys.argv) > 1:
        _, thread = start_http_server(int(sys.argv[1]))
        thread.join()
    else:
        print(generate_latest().decode())


if __name__ == "__main__":
    main()
