"""The histograms of calls and streams."""

from __future__ import annotations

import pytest
from support.clients import HELLO

from imagine import ImagineException
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

MODEL = "Llama-3.1-8B"
WITH_USAGE = {"stream_options": {"include_usage": True}}


async def test_durations_and_tokens_have_their_buckets(client, server, traced):
    """They are counted by operation, models and server, and by nothing that has many values."""
    answer = await client.chat(HELLO, MODEL, max_tokens=3)
    points = traced.points
    assert set(points) == {"gen_ai.client.operation.duration", "gen_ai.client.token.usage"}
    (duration,) = points["gen_ai.client.operation.duration"]
    asked = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "imagine",
        "gen_ai.request.model": MODEL,
        "gen_ai.response.model": answer.model,
        "server.address": "127.0.0.1",
        "server.port": int(server.endpoint.split(":")[2].partition("/")[0]),
    }
    assert duration.attributes == asked
    assert duration.explicit_bounds == tuple(0.01 * 2**power for power in range(14))
    tokens = {point.attributes["gen_ai.token.type"]: point for point in points["gen_ai.client.token.usage"]}
    assert {kind: point.sum for kind, point in tokens.items()} == {
        "input": answer.usage.prompt_tokens,
        "output": answer.usage.completion_tokens,
    }
    assert tokens["input"].attributes == {**asked, "gen_ai.token.type": "input"}
    assert tokens["input"].explicit_bounds == tuple(4**power for power in range(14))


async def test_the_chunks_of_a_stream_are_timed(client, traced):
    """The first once, and each after it once; together they take no longer than the stream."""
    chunks = [chunk async for chunk in client.chat_stream(HELLO, MODEL, max_tokens=5, **WITH_USAGE)]
    points = {name: of_name[0] for name, of_name in traced.points.items()}
    first, rest = (points[f"gen_ai.client.operation.time_{name}_chunk"] for name in ("to_first", "per_output"))
    assert (first.count, rest.count) == (1, len(chunks) - 1)
    assert 0 < first.sum + rest.sum <= points["gen_ai.client.operation.duration"].sum
    assert first.attributes == points["gen_ai.client.operation.duration"].attributes


async def test_chunks_that_came_in_one_read_are_each_counted(client, server, traced):
    """All but the first of a read have come at once."""
    choice = '{{"index":0,"delta":{{"content":"a"}},"finish_reason":{}}}'
    events = "".join(f'data: {{"choices":[{choice.format(end)}]}}\n\n' for end in ["null", "null", '"stop"'])
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    server.faults.script([Raw([head + events.encode()])])
    await client.chat_stream(HELLO).final()
    (rest,) = traced.points["gen_ai.client.operation.time_per_output_chunk"]
    assert (rest.count, rest.sum) == (2, 0)


async def test_failures_are_counted_by_their_type(client, server, traced):
    """The duration of a failed call has its `error.type`; tokens are not made up."""
    server.faults.script(["status;code=429"])
    with pytest.raises(ImagineException):
        await client.chat(HELLO)
    assert set(traced.points) == {"gen_ai.client.operation.duration"}
    (duration,) = traced.points["gen_ai.client.operation.duration"]
    assert duration.attributes["error.type"] == "429"
