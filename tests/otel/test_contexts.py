"""Where the spans of calls hang: below the caller's, above aiohttp's, and in the headers of what is sent."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref

import pytest
from opentelemetry import trace
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import TraceFlags
from support.clients import HELLO, until

import imagine.otel
from imagine import ImagineAsyncClient, ImagineClient, ImagineException

pytestmark = pytest.mark.anyio


@pytest.fixture
def aiohttp_traced(traced):
    """The instrumentation of aiohttp beside ours."""
    instrumentor = AioHttpClientInstrumentor()
    instrumentor.instrument(tracer_provider=traced.tracers, meter_provider=traced.meters)
    yield traced
    instrumentor.uninstrument()


def name_of(parent):
    """The header that tells the service of a span."""
    context = parent.context
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


async def test_a_call_and_a_stream_hang_below_the_caller(server, traced):
    """The parent is the span that was current in the task, for each task its own."""

    async def ask(client, name):
        with traced.tracer.start_as_current_span(name):
            await client.chat(HELLO)
            await client.chat_stream(HELLO).final()
            assert trace.get_current_span().name == name

    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        await asyncio.gather(ask(client, "one"), ask(client, "other"))
    parents = {span.name: span.context.span_id for span in traced.spans if span.instrumentation_scope.name == "tests"}
    assert sorted(span.parent.span_id for span in traced.ours) == sorted([*parents.values()] * 2)


def test_a_blocking_call_hangs_below_its_thread(server, traced):
    """The caller's span is the parent, although another thread serves all calls; the next caller's is its own."""
    with ImagineClient(server.endpoint, server.api_key) as client:
        for name in ("one", "other"):
            with traced.tracer.start_as_current_span(name) as span:
                client.chat(HELLO)
                client.chat_stream(HELLO).final()
            assert {ours.parent.span_id for ours in traced.ours[-2:]} == {span.context.span_id}
        client.chat(HELLO)
    assert traced.ours[-1].parent is None


async def test_a_stream_hangs_where_it_was_made(client, traced):
    """Whoever reads and closes it, it belongs to the span in which it was asked for."""
    with traced.tracer.start_as_current_span("maker") as maker:
        stream = client.chat_stream(HELLO)
    with traced.tracer.start_as_current_span("reader"):
        await stream.final()
    assert traced.ours[0].parent.span_id == maker.context.span_id


async def test_the_request_tells_the_service_of_its_span(make_client, server, traced):
    """`traceparent` goes out once with each attempt, and is the same for all of them."""
    client = await make_client()
    server.faults.script(["status;code=503;retry-after-ms=1"])
    await client.chat(HELLO)
    (span,) = traced.spans
    sent = [request.headers.getall("traceparent") for request in server.requests]
    assert sent == [[name_of(span)]] * 2


async def test_a_header_given_by_hand_comes_first(client, server, traced):
    """A `traceparent` of the call's own is sent alone, however it is written."""
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await client.chat(HELLO, extra_headers={"TraceParent": given})
    assert server.requests[0].headers.getall("traceparent") == [given]


async def test_spans_of_aiohttp_are_children_of_ours(make_client, server, aiohttp_traced):
    """Each attempt is one, and is what the service is told of; the stream's end is no part of them."""
    client = await make_client()
    server.faults.script(["status;code=503;retry-after-ms=1"])
    await client.chat_stream(HELLO, max_tokens=3).final()
    (ours,) = aiohttp_traced.ours
    theirs = [span for span in aiohttp_traced.spans if span is not ours]
    assert [span.parent.span_id for span in theirs] == [ours.context.span_id] * 2
    sent = [request.headers.getall("traceparent") for request in server.requests]
    assert sent == [[name_of(span)] for span in theirs]


async def test_nothing_is_traced_where_that_is_suppressed(server, traced):
    """Inside of another instrumentation, which tells of the call itself, there is no second span."""
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        with suppress_instrumentation():
            await client.chat(HELLO)
            stream = client.chat_stream(HELLO)
        await stream.final()
    assert (traced.spans, "traceparent" in server.requests[0].headers) == ([], False)


async def test_providers_that_are_set_later_are_used(client, traced, monkeypatch):
    """The global provider is looked up for each call."""
    imagine.otel.instrument()
    await client.embeddings("a")
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: traced.tracers)
    await client.embeddings("a")
    assert len(traced.spans) == 1


async def test_a_span_that_is_not_sampled_is_passed_on(client, server, traced):
    """The service is told of it, with the flag that says so, and it is measured all the same."""
    imagine.otel.instrument(TracerProvider(sampler=ALWAYS_OFF), traced.meters, capture_content=True)
    await client.chat(HELLO)
    flags = int(server.requests[0].headers["traceparent"][-2:], 16)
    assert flags & TraceFlags.SAMPLED == 0
    assert traced.points["gen_ai.client.operation.duration"][0].count == 1


class Failing(SpanProcessor):
    """A processor with a mistake in it."""

    def on_start(self, span, parent_context=None):
        raise LookupError("at the start")


class FailingAtEnd(SpanProcessor):
    """Another."""

    def on_end(self, span):
        raise LookupError("at the end")


@pytest.mark.parametrize("processor", [Failing(), FailingAtEnd()])
async def test_a_processor_that_fails_breaks_no_call(client, traced, caplog, processor):
    """What it raises is logged."""
    traced.tracers.add_span_processor(processor)
    assert (await client.chat(HELLO)).first_content
    assert (await client.chat_stream(HELLO).final()).first_content
    assert caplog.text.count("LookupError: at the") == 2


async def test_no_context_is_left_behind(client, traced, caplog):
    """After a call, a stream and a failure, nothing of ours is current, and no context was left in another."""
    await client.chat(HELLO)
    stream = client.chat_stream(HELLO)
    async for _ in stream:
        assert not trace.get_current_span().get_span_context().is_valid
        break
    await stream.aclose()
    with contextlib.suppress(ImagineException):
        await client.chat(HELLO, "none")
    assert not trace.get_current_span().get_span_context().is_valid
    assert not [record for record in caplog.records if record.name.startswith("opentelemetry")]


async def test_a_span_does_not_live_as_long_as_its_connection(client, server, traced):
    """A kept connection keeps neither span nor content."""
    spans = weakref.WeakSet()

    class Noting(SpanProcessor):
        def on_start(self, span, parent_context=None):
            spans.add(span)

    imagine.otel.instrument(traced.tracers, traced.meters, capture_content=True)
    traced.tracers.add_span_processor(Noting())
    await client.chat(HELLO)
    assert server.open_connections == 1
    await until(lambda: gc.collect() is not None and not spans)
