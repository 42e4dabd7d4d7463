"""A chunk's JSON as it came, and a stream that is opened before it is read."""

from __future__ import annotations

import json

import pytest
from support.clients import HELLO

from imagine import ImagineAPIAuthenticationException, ImagineAsyncClient, ImagineStreamErrorException
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def chunk(number, **more):
    return {"id": str(number), "choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": None, **more}]}


def events(*bodies):
    return b"".join(b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies)


LAST = chunk("last", finish_reason="stop")


async def test_raw_is_the_json_of_a_chunk(client, server):
    """It has what the class does not know, for each chunk of a read, in whatever order it is asked."""
    bodies = [chunk(0, grounding={"a": None}), chunk(1, more=[1]), {**LAST, "weather": "fine"}]
    server.faults.script([Raw([HEAD, events(*bodies), b"data: [DONE]\n\n"], then="close")])
    stream = client.chat_stream(HELLO)
    assert [stream.raw(each) async for each in stream] == bodies


async def test_a_mended_chunk_has_its_json_too(client, server):
    """A chunk that only the lenient decoder takes is told as it came."""
    odd = {**chunk(0), "created": "1795734201"}
    server.faults.script([Raw([HEAD, events(odd, LAST)], then="close")])
    stream = client.chat_stream(HELLO)
    assert [stream.raw(each) async for each in stream] == [odd, LAST]


async def test_raw_of_any_other_chunk_is_refused(client, server):
    """A chunk of an earlier read, a copy, and one behind 64 KiB of a read are told by a ValueError."""
    server.faults.script([Raw([HEAD, events(chunk(0)), 0.05, events(chunk(1), LAST)], then="close")])
    stream = client.chat_stream(HELLO)
    first = None
    async for each in stream:
        first = first or each
        with pytest.raises(ValueError, match="last read"):
            stream.raw(each.model_copy())
    with pytest.raises(ValueError, match="last read"):
        stream.raw(first)


async def test_a_long_read_is_kept_to_64_kib(async_client, server):
    """The chunks are all there; of their JSON the first 64 KiB are."""
    long = [chunk(number, more="x" * 20_000) for number in range(6)]
    server.faults.script([Raw([HEAD + events(*long, LAST)], then="close")])
    stream = async_client.chat_stream(HELLO)
    told = 0
    while chunks := await stream.read():
        kept = [each for each in chunks if is_kept(stream, each)]
        told = max(told, sum(len(json.dumps(stream.raw(each))) for each in kept))
        assert kept == chunks[: len(kept)]
    assert 0 < told <= 64 * 1024


def is_kept(stream, each):
    """Whether its JSON can be asked for."""
    try:
        return bool(stream.raw(each))
    except ValueError:
        return False


@pytest.fixture
async def async_client(server):
    """For the reads themselves, which the blocking client takes in its loop."""
    async with ImagineAsyncClient(server.endpoint, server.api_key, max_retries=0) as client:
        yield client


async def test_open_sends_the_request_and_loses_nothing(client, server):
    """The request is there before the first chunk is asked for, once; every chunk comes after it."""
    stream = client.chat_stream(HELLO, max_tokens=4)
    assert server.requests == []
    await stream.open()
    await stream.open()
    assert len(server.requests) == 1
    assert stream.call.status == 200
    texts = [chunk.first_content or "" async for chunk in stream]
    assert "".join(texts) == (await stream.final()).first_content
    assert len(server.requests) == 1


async def test_open_raises_what_the_service_answers(make_client):
    """A refused key shows before any chunk, as often as it is opened, and the stream stays failed."""
    client = await make_client(api_key="wrong", max_retries=0)
    stream = client.chat_stream(HELLO)
    for _ in range(2):
        with pytest.raises(ImagineAPIAuthenticationException):
            await stream.open()
    with pytest.raises(ImagineAPIAuthenticationException):
        await stream.final()


async def test_open_sends_again_as_a_call_does(make_client, server):
    """A 503 is retried inside of it."""
    server.faults.script(["status;code=503"])
    client = await make_client(max_retries=2)
    stream = client.chat_stream(HELLO, max_tokens=2)
    await stream.open()
    assert len(stream.call.attempts) == 2


async def test_an_error_event_waits_for_its_turn(client, server):
    """What the stream itself says is raised where it stands among the chunks."""
    server.faults.script([Raw([HEAD, events(chunk(0), {"error": {"message": "no more"}})], then="close")])
    stream = client.chat_stream(HELLO)
    await stream.open()
    with pytest.raises(ImagineStreamErrorException, match="no more"):
        await stream.final()


async def test_a_stream_that_was_opened_and_left_frees_its_slot(make_client):
    """Closing it is enough; the next call of a client with one slot goes."""
    client = await make_client(max_concurrent_requests=1, max_retries=0)
    stream = client.chat_stream(HELLO)
    await stream.open()
    await stream.aclose()
    assert await client.chat(HELLO, max_tokens=1)
