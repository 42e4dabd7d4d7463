"""Routes that are looked at: their options, and how `ping` and `health_check` go at once."""

from __future__ import annotations

import asyncio

import pytest
from support.clients import HELLO, until

from imagine import ImagineAPIStatusException, ImagineTimeoutException, RateLimit

pytestmark = pytest.mark.anyio

PROBES = ["ping", "health_check"]
LOOKS = [
    *PROBES,
    *("usage", "get_available_models", "get_available_models_by_type", "get_chat_history", "get_completion_history"),
    *("get_embedding_history", "get_reranker_history", "get_image_history"),
]


@pytest.mark.parametrize("method", LOOKS)
async def test_looks_take_the_options_of_a_call(client, server, method):
    """Headers and retries of one call go with every route that is looked at."""
    server.faults.script(["status;code=503;retry-after-ms=1"])
    await getattr(client, method)(extra_headers={"X-Team": "red"}, max_retries=1)
    assert [request.headers["X-Team"] for request in server.requests] == ["red", "red"]


@pytest.mark.parametrize("method", LOOKS)
async def test_looks_have_a_deadline(client, server, method):
    """A deadline ends the wait for an answer that does not come."""
    server.faults.script(["silent"])
    with pytest.raises(ImagineTimeoutException, match="deadline"):
        await getattr(client, method)(deadline=0.2)


@pytest.mark.parametrize("method", LOOKS)
async def test_looks_check_their_options(client, server, method):
    """A bad option is refused by its name, an unknown one with that of the method; nothing is sent."""
    with pytest.raises(TypeError, match="max_retries"):
        await getattr(client, method)(max_retries="many")
    with pytest.raises(TypeError, match=rf"{method}\(\) .*did you mean timeout\?"):
        await getattr(client, method)(time_out=3)
    assert server.requests == []


@pytest.mark.parametrize("method", PROBES)
async def test_a_probe_needs_no_slot(make_client, server, method):
    """While a stream holds the only slot, a probe is answered all the same."""
    client = await make_client(max_concurrent_requests=1)
    server.faults.script(["stall;after=1"])
    async with client.chat_stream(HELLO) as stream:
        async for _ in stream:
            break
        await getattr(client, method)(deadline=10)


@pytest.mark.parametrize("method", PROBES)
async def test_a_probe_waits_for_no_quota(make_client, method):
    """A declared quota neither holds a probe up nor counts it."""
    client = await make_client(rate_limits=[RateLimit(requests=1, per=3600)], on_limit="raise")
    for _ in range(3):
        await getattr(client, method)()
    assert client.quota[0].remaining == 1


@pytest.mark.parametrize("method", PROBES)
async def test_a_probe_closes_no_lane(make_client, server, method):
    """A 429 on a probe is its own affair: the next one is sent."""
    client = await make_client(max_retries=3)
    server.faults.script(["status;code=429;retry-after=3600"])
    with pytest.raises(Exception, match="429"):
        await getattr(client, method)()
    assert client.lanes == ()
    await getattr(client, method)()


@pytest.mark.parametrize("method", PROBES)
async def test_a_probe_is_sent_once_unless_told_otherwise(make_client, server, method):
    """The retries of the client are not those of its probes."""
    client = await make_client(max_retries=3)
    server.faults.script(["status;code=503"])
    with pytest.raises(ImagineAPIStatusException):
        await getattr(client, method)(max_retries=None)
    server.faults.script(["status;code=429;retry-after-ms=50"])
    await getattr(client, method)(max_retries=1)
    assert len(server.requests) == 3
    assert server.requests[2].time - server.requests[1].time >= 0.05


@pytest.mark.parametrize("method", PROBES)
async def test_a_probe_waits_for_its_answer_no_longer_than_the_client(make_client, server, method):
    """A client that waits for less than ten seconds does so for probes; their own timeout wins."""
    client = await make_client(timeout=0.2)
    server.faults.script(["silent"])
    with pytest.raises(ImagineTimeoutException, match=r"read=0\.2 s"):
        await getattr(client, method)()
    server.faults.script(["delay;seconds=0.4"])
    await getattr(client, method)(timeout=30)


async def test_a_client_tells_its_endpoint(make_client, server):
    """`endpoint` is the base URL, also of a derived client."""
    client = await make_client()
    assert client.endpoint == server.endpoint
    assert client.with_options(endpoint="http://other.example/v2/").endpoint == "http://other.example/v2"


async def test_a_probe_passes_by_a_waiting_call(make_client, server):
    """A call that waits in its lane after a 429 does not hold up a probe."""
    client = await make_client(max_retries=1)
    server.faults.script(["status;code=429;retry-after-ms=500"])
    waiting = asyncio.create_task(client.chat(HELLO, max_tokens=2))
    await until(lambda: len(client.lanes) == 1)
    await client.ping()
    assert [request.path for request in server.requests][1:] == ["/apis/v2/ping"]
    await waiting
