"""The spans of calls and streams: their names, their attributes, and how they end."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from opentelemetry.trace import SpanKind, StatusCode
from support.clients import HELLO, until
from support.listeners import listening

import imagine.otel
from imagine import ImagineAsyncClient, ImagineException, ImagineStreamException, __version__

pytestmark = pytest.mark.anyio

MODEL = "Llama-3.1-8B"
WITH_USAGE = {"stream_options": {"include_usage": True}}


def address_of(server):
    """The attributes that tell where the service is."""
    return {"server.address": "127.0.0.1", "server.port": int(server.endpoint.split(":")[2].partition("/")[0])}


async def test_a_call_is_a_span_with_what_was_asked_and_what_came(client, server, traced):
    """Parameters, ids, tokens and the end of an answer are attributes, and nothing that was said is."""
    parameters = {"temperature": 0.5, "top_p": 0.9, "top_k": 7, "seed": 3, "max_tokens": 4}
    penalties = {"frequency_penalty": 0.25, "presence_penalty": 0.75}
    answer = await client.chat(HELLO, MODEL, stop="never", **parameters, **penalties)
    (span,) = traced.spans
    assert (span.name, span.kind, span.status.status_code) == (f"chat {MODEL}", SpanKind.CLIENT, StatusCode.UNSET)
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "imagine",
        "gen_ai.request.model": MODEL,
        **{f"gen_ai.request.{name}": value for name, value in (parameters | penalties).items()},
        "gen_ai.request.stop_sequences": ("never",),
        "gen_ai.response.id": answer.id,
        "gen_ai.response.model": answer.model,
        "gen_ai.response.finish_reasons": ("length",),
        "gen_ai.usage.input_tokens": answer.usage.prompt_tokens,
        "gen_ai.usage.output_tokens": 4,
        **address_of(server),
    }
    scope = span.instrumentation_scope
    assert (scope.version, scope.schema_url) == (__version__, "https://opentelemetry.io/schemas/1.41.0")


@pytest.mark.parametrize("fold", [True, False])
async def test_a_stream_is_a_span_to_its_last_event(client, traced, fold):
    """It ends with the stream, and tells what the chunks have told, kept or not."""
    stream = client.chat_stream(HELLO, MODEL, max_tokens=3, fold=fold, **WITH_USAGE)
    chunks = []
    async for chunk in stream:
        assert traced.spans == []
        chunks.append(chunk)
    (span,) = traced.spans
    attributes = span.attributes
    assert span.name == f"chat {MODEL}"
    assert attributes["gen_ai.request.stream"] is True
    assert attributes["gen_ai.response.id"] == chunks[0].id
    assert attributes["gen_ai.response.model"] == chunks[0].model
    assert attributes["gen_ai.response.finish_reasons"] == ("length",)
    assert attributes["gen_ai.usage.output_tokens"] == 3
    assert 0 < attributes["gen_ai.response.time_to_first_chunk"] <= (span.end_time - span.start_time) / 1e9


OPERATIONS = [
    (lambda client: client.completion("a", max_tokens=2), "text_completion"),
    (lambda client: client.embeddings("a"), "embeddings"),
    (lambda client: client.reranker("a", ["b"]), "rerank"),
    (lambda client: client.translate("a", "Helsinki-NLP/opus-mt-en-es"), "translate"),
    (lambda client: client.transcribe(b"RIFF"), "transcribe"),
    (lambda client: client.images_generate("a", size="16x16"), "generate_content"),
    (lambda client: client.images_generate_stream("a", size="16x16").final(), "generate_content"),
    (lambda client: client.request("POST", "/embeddings", json={"model": MODEL, "input": "a"}), "embeddings"),
]


@pytest.mark.parametrize(("ask", "operation"), OPERATIONS)
async def test_each_operation_has_its_name(client, traced, ask, operation):
    """Whatever it is called by, and whether it does well or not, a route of a model is a span of its operation."""
    with contextlib.suppress(ImagineException):
        await ask(client)
    (span,) = traced.spans
    assert span.attributes["gen_ai.operation.name"] == operation
    assert span.name == f"{operation} {span.attributes['gen_ai.request.model']}"
    is_image = operation == "generate_content"
    assert span.attributes.get("gen_ai.output.type") == ("image" if is_image else None)


async def test_looks_are_no_spans(client, traced):
    """What asks no model for anything is not traced."""
    await client.ping()
    await client.get_available_models()
    await client.usage()
    await client.get_chat_history()
    assert traced.spans == []


async def test_a_request_without_a_model_is_a_span_without_one(client, traced):
    """A name that is not there is not made up; a body of other types is no trouble."""
    with contextlib.suppress(ImagineException):
        await client.request("POST", "chat/completions", json={"temperature": "hot"})
    (span,) = traced.spans
    assert span.name == "chat"
    assert not [name for name in span.attributes if name.startswith("gen_ai.request")]


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("status;code=401", "401"),
        ("silent", "ImagineTimeoutException"),
        ("reset-before-body", "ImagineConnectionException"),
    ],
)
@pytest.mark.parametrize("method", ["chat", "chat_stream"])
async def test_a_failure_is_an_error_with_its_type(make_client, server, traced, method, fault, kind):
    """An error status is told as text, other failures by their class; their words may repeat a prompt, and are not."""
    client = await make_client(max_retries=0, timeout=0.2 if fault == "silent" else 30)
    server.faults.script([fault])
    with pytest.raises(ImagineException):
        asked = getattr(client, method)(HELLO)
        await (asked if method == "chat" else asked.final())
    (span,) = traced.spans
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert span.attributes["error.type"] == kind
    assert (span.events, "gen_ai.response.finish_reasons" in span.attributes) == ((), False)


async def test_a_broken_stream_has_finished_by_an_error(client, server, traced):
    """A choice that a failure cut has the finish reason "error", in place of none."""
    server.faults.script(["cut-stream;after=2"])
    with pytest.raises(ImagineStreamException):
        await client.chat_stream(HELLO).final()
    (span,) = traced.spans
    assert span.attributes["gen_ai.response.finish_reasons"] == ("error",)
    assert (span.status.status_code, span.attributes["error.type"]) == (StatusCode.ERROR, "ImagineStreamException")


async def test_retries_are_one_span(make_client, server, traced):
    """It tells how often it was sent again, and ends well if the last attempt did."""
    server.faults.script(["status;code=503;retry-after-ms=1"] * 2)
    await (await make_client()).chat(HELLO)
    (span,) = traced.spans
    assert span.attributes["http.request.resend_count"] == 2
    assert (span.status.status_code, "error.type" in span.attributes) == (StatusCode.UNSET, False)


async def leaves(stream):
    """Leave a stream after a chunk."""
    async for _ in stream:
        break


async def closes(stream):
    """Close it after a chunk."""
    async with stream:
        await leaves(stream)


@pytest.mark.parametrize("leave", [leaves, closes])
async def test_a_stream_that_is_left_ends_its_span_without_an_error(client, server, traced, leave):
    """Closed or dropped, once; the choice that had not come to its end has no finish reason."""
    server.faults.script(["stall;after=2"])
    await leave(client.chat_stream(HELLO))
    await until(lambda: traced.spans)
    (span,) = traced.spans
    assert span.status.status_code is StatusCode.UNSET
    assert not {"error.type", "gen_ai.response.finish_reasons"} & set(span.attributes)


async def test_a_stream_that_nobody_reads_is_no_span(client, traced):
    """Nothing was sent for it."""
    async with client.chat_stream(HELLO):
        pass
    assert traced.spans == []


@pytest.mark.parametrize("fault", ["silent", "stall;after=2"])
async def test_a_cancellation_is_no_error(server, traced, fault):
    """A call and a stream whose task was cancelled end their spans."""
    server.faults.script([fault])
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        task = asyncio.create_task(client.chat_stream(HELLO).final())
        await until(lambda: server.requests and (fault == "silent" or server.open_streams))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    (span,) = traced.spans
    assert (span.status.status_code, "error.type" in span.attributes) == (StatusCode.UNSET, False)


async def test_a_call_that_could_not_be_sent_is_a_span_as_long_as_it_waited(make_client, server, traced):
    """A call that got no slot in time has failed, too."""
    client = await make_client(max_concurrent_requests=1, slot_timeout=0.2)
    server.faults.script(["stall;after=1"])
    async with client.chat_stream(HELLO) as stream:
        await leaves(stream)
        with pytest.raises(ImagineException, match="slot_timeout"):
            await client.embeddings("a")
        (span,) = traced.spans
    assert span.attributes["error.type"] == "ImagineTimeoutException"
    assert span.end_time - span.start_time > 0.1e9


async def test_an_answer_that_cannot_be_read_has_failed(make_client, traced):
    """The span of a good status with nonsense in it has the class of the error."""
    reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]"
    async with listening(reply) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        with pytest.raises(ImagineException):
            await client.chat(HELLO)
    assert traced.spans[0].attributes["error.type"] == "ImagineDecodeException"


async def test_calls_are_traced_once_however_often_it_was_asked_for(client, traced):
    """A second `instrument` takes the place of the first; after `uninstrument` nothing is traced."""
    imagine.otel.instrument(traced.tracers, traced.meters)
    await client.embeddings("a")
    imagine.otel.uninstrument()
    await client.embeddings("a")
    assert len(traced.spans) == 1


async def test_what_is_under_way_is_traced_to_its_end(client, traced):
    """A stream that was begun with tracing ends its span without."""
    stream = client.chat_stream(HELLO, max_tokens=3)
    async for _ in stream:
        imagine.otel.uninstrument()
    assert len(traced.spans) == 1
