"""Lanes and quotas: what a 429 closes and what it does not, who waits, and what the user declared."""

from __future__ import annotations

import asyncio
import gc
import inspect
import weakref
from types import SimpleNamespace

import msgspec
import pytest
from support.clients import HELLO, behind_face, until

from imagine import (
    ImagineAPITooManyRequestsException,
    ImagineAsyncClient,
    ImagineQuotaException,
    ImagineTimeoutException,
    RateLimit,
)
from imagine._pacing.clock import NO_DEADLINE
from imagine._pacing.lanes import LaneKey
from imagine._pacing.slots import SlotQueue
from imagine.server import LocalServer


class Ticket(SimpleNamespace):
    """What waits for a slot."""


class Counted(msgspec.Struct):
    """A user's own class."""

    usage: dict[str, int]


class Burst:
    """200 calls at once, 16 slots, against a service that allows 10 requests a second."""

    CALLS, SLOTS, IDEAL = 200, 16, 20.0

    def __init__(self, face, headers=(), **options):
        self.face, self.headers, self.options = face, headers, options
        self.refusals = 0
        self.longest = 0.0

    def note(self, call):
        """Count the 429s that a call has met."""
        self.refusals += sum("429" in attempt.cause for attempt in call.attempts)
        self.longest = max(self.longest, call.seconds_total)

    async def run(self):
        """Make the calls."""
        with LocalServer(quotas=["10/second"], quota_headers=self.headers) as server:
            options = {"max_concurrent_requests": self.SLOTS, "on_call": self.note, **self.options}
            async with behind_face(self.face, server.endpoint, server.api_key, **options) as client:
                answers = await asyncio.gather(*(client.embeddings(str(n)) for n in range(self.CALLS)))
        assert all(answer.first_embedding for answer in answers)
        return self


@pytest.mark.anyio
@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(120)
async def test_a_burst_that_is_larger_than_the_quota():
    """All calls finish, none waits for twice the ideal, and 429s are as few as what is known of the quota allows.

    Without headers at most those of the first burst and one for each second, with headers at most those of the first
    burst, and none where the quota was declared.
    """
    bursts = []
    for face in ("async", "blocking"):
        silent = Burst(face)
        telling = Burst(face, ["retry-after", "x-ratelimit"])
        declared = Burst(face, rate_limits=[RateLimit(requests=10, per=1)])
        bursts += [(silent, lambda b: b.SLOTS + b.longest), (telling, lambda b: b.SLOTS), (declared, lambda _: 0)]
    await asyncio.gather(*(burst.run() for burst, _ in bursts))
    for burst, most in bursts:
        assert burst.refusals <= most(burst)
        assert burst.longest < 2 * Burst.IDEAL


@pytest.mark.anyio
async def test_waiting_behind_another_calls_429_is_no_attempt(make_client, server):
    """A call that waits in a closed lane is sent once, and the wait counts as queued."""
    calls = []
    client = await make_client(on_call=calls.append)
    server.faults.script(["status;code=429;retry-after-ms=400"])
    first = asyncio.create_task(client.embeddings("first"))
    await until(lambda: len(server.requests) == 1)
    await asyncio.sleep(0.1)
    await client.embeddings("second")
    await first
    assert sorted(len(call.attempts) for call in calls) == [1, 2]
    assert [call.seconds_queued > 0.1 for call in calls if len(call.attempts) == 1] == [True]


@pytest.mark.anyio
async def test_a_lane_that_is_closed_for_too_long_is_an_error_at_once(make_client, server):
    """While the service demands an hour, calls fail at once and tell how long it will take."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after=3600"])
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.chat(HELLO)
    with pytest.raises(ImagineQuotaException, match="retry_budget=120 s") as caught:
        await client.chat(HELLO)
    assert 3590 < caught.value.retry_after <= 3600.25  # with its jitter
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_the_deadline_runs_in_a_closed_lane(make_client, server):
    """A call whose deadline comes before the lane opens ends at its deadline, unsent."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after=5"])
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.chat(HELLO, max_retries=0)
    with pytest.raises(ImagineTimeoutException) as caught:
        await client.chat(HELLO, deadline=0.2)
    assert caught.value.limit == "deadline"
    assert caught.value.call.attempts == ()
    assert len(server.requests) == 1


LIMITS = [RateLimit(requests=3, per=60), RateLimit(requests=5, per=3600), RateLimit(tokens=2000, per=3600)]


@pytest.mark.anyio
async def test_declared_quotas_hold_all_at_once(make_client, server):
    """Every window is charged; `client.quota` tells what is left; the tightest one stops the next call."""
    client = await make_client(rate_limits=LIMITS, on_limit="raise")
    for _ in range(3):
        await client.embeddings("a few words")
    minute, hour, tokens = client.quota
    assert (minute.remaining, hour.remaining) == (0, 2)
    assert 1900 < tokens.remaining < 2000
    assert 55 < minute.reset <= 60.1
    with pytest.raises(ImagineQuotaException, match="declared quota") as caught:
        await client.embeddings("one more")
    assert 55 < caught.value.retry_after <= 60.1
    assert len(server.requests) == 3


@pytest.mark.anyio
@pytest.mark.parametrize("call", ["chat", "chat_stream"])
@pytest.mark.parametrize("reported", [True, False])
async def test_tokens_are_charged_as_reported(make_client, server, call, reported):
    """The usage that an answer reports is charged; where it reports none, four characters count as a token."""
    client = await make_client(rate_limits=[RateLimit(tokens=5000, per=60)], on_limit="raise")
    if not reported:
        server.faults.script(["missing-fields"])
    options = {"max_tokens": 100, "ignore_eos": True}
    if call == "chat":
        answer = await client.chat(HELLO, **options)
    else:
        answer = await client.chat_stream(HELLO, stream_options={"include_usage": True}, **options).final()
    spent = 5000 - client.quota[0].remaining
    if reported:
        assert abs(spent - answer.usage.total_tokens) <= 60  # the estimate of the request is never given back
    else:
        assert spent >= len(answer.first_content) // 4


@pytest.mark.anyio
async def test_a_usage_of_another_kind_counts_as_none(make_client):
    """Where a class of the user's has its own form of a usage, the estimate of the request is charged."""
    client = await make_client(rate_limits=[RateLimit(tokens=5000, per=60)])
    body = {"model": "Llama-3.1-8B", "messages": HELLO, "max_tokens": 8}
    answer = await client.request_as(Counted, "POST", "chat/completions", json=body)
    assert answer.usage["total_tokens"] > 0
    assert client.quota[0].remaining < 5000


@pytest.mark.anyio
async def test_a_request_larger_than_the_quota_is_refused(make_client, server):
    """A request that could never leave is an error, not an endless wait."""
    client = await make_client(rate_limits=[RateLimit(tokens=10, per=60)])
    with pytest.raises(ImagineQuotaException, match="larger than the quota"):
        await client.embeddings("word " * 100)
    assert server.requests == []


@pytest.mark.anyio
async def test_derived_clients_share_the_quota(make_client, server):
    """A client made by `with_options` is counted together with the one it was made from."""
    client = await make_client(rate_limits=[RateLimit(requests=2, per=60)], on_limit="raise")
    await client.embeddings("one")
    await client.with_options(timeout=5).embeddings("two")
    with pytest.raises(ImagineQuotaException):
        await client.embeddings("three")


@pytest.mark.anyio
async def test_who_does_not_wait_in_a_closed_lane(make_client, server):
    """With `on_limit="raise"` a call fails at once; one without retries is sent, and its good answer opens the lane."""
    client = await make_client(on_limit="raise")
    server.faults.script(["status;code=429;retry-after=30"])
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.chat(HELLO, max_retries=0)
    said = (
        r"the service answered 429 to POST chat/completions \(model Llama-3.1-8B\) at ..:..:.. and asked to wait 30 s"
    )
    with pytest.raises(ImagineQuotaException, match=said) as caught:
        await client.chat(HELLO)
    assert 25 < caught.value.retry_after <= 30.25  # with its jitter
    assert (await client.chat(HELLO, max_retries=0)).first_content
    assert (await client.chat(HELLO)).first_content
    assert client.lanes == ()


@pytest.mark.anyio
async def test_a_closed_lane_closes_no_other(make_client, server):
    """A 429 stops the model on its route; other models, other routes and looks go on; `lanes` shows what is closed."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after=31536000"])
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.chat(HELLO)
    with pytest.raises(ImagineQuotaException, match="longer than retry_budget=120 s"):
        await client.chat(HELLO)
    assert (await client.chat(HELLO, "Llama-3.3-70B")).first_content
    assert (await client.completion("Once")).first_text
    assert (await client.embeddings("a text")).first_embedding
    assert await client.get_available_models()
    [lane] = client.lanes
    assert (lane.route, lane.model, lane.waiting) == ("POST chat/completions", "Llama-3.1-8B", 0)
    assert 31535990 < lane.closed_for <= 31536000.25  # with its jitter
    assert 25 < lane.probe_in <= 30
    await reopen(client)
    assert (await client.chat(HELLO)).first_content


async def reopen(client):
    """Open all lanes, through either face."""
    if inspect.isawaitable(done := client.reopen()):
        await done


@pytest.mark.anyio
async def test_a_429_to_a_look_stops_no_call(make_client, server):
    """Each GET route has a lane of its own, and so have all paths that are given to `request`, for each method."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after=3600"] * 2)
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.get_available_models()
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.request("GET", "models")
    assert (await client.chat(HELLO)).first_content
    assert (await client.health_check()).models
    assert sorted(lane.route for lane in client.lanes) == ["GET by request()", "GET models"]


@pytest.mark.anyio
async def test_whoever_may_go_goes(make_client, server):
    """Behind a call that waits in a closed lane, others pass by: another model, a look, a call without retries."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after-ms=60000"])
    waiting = asyncio.create_task(client.chat(HELLO))
    await until(lambda: [lane.waiting for lane in client.lanes] == [1] and len(server.requests) == 1)
    behind = asyncio.create_task(client.chat(HELLO))
    await until(lambda: [lane.waiting for lane in client.lanes] == [2])
    await client.chat(HELLO, "Llama-3.3-70B")
    await client.ping()
    assert [lane.waiting for lane in client.lanes] == [2]
    await reopen(client)
    await asyncio.gather(waiting, behind)


@pytest.mark.anyio
async def test_slow_answers_after_a_429_fail_nobody():
    """After one 429 the lane widens while answers are slow: nobody waits for the time of an answer, nobody fails."""
    late = "delay;seconds=1.0"
    with LocalServer() as server:
        server.faults.script(["status;code=429;retry-after-ms=100", *[late] * 40])
        options = {"retry_budget": 2.0, "slot_timeout": 3.0}
        async with ImagineAsyncClient(server.endpoint, server.api_key, **options) as client:
            first = asyncio.create_task(client.chat(HELLO))
            await until(lambda: len(server.requests) == 1)
            answers = await asyncio.gather(first, *(client.chat(HELLO) for _ in range(30)))
    assert all(answer.first_content for answer in answers)


def test_a_loop_that_stands_is_passed_by():
    """A call queued in a loop that does not run is given no slot; when its loop runs again it is served."""
    with LocalServer() as server:
        client = ImagineAsyncClient(server.endpoint, server.api_key, max_concurrent_requests=1, slot_timeout=600)
        server.faults.script(["stall;after=1"])
        standing, running = asyncio.new_event_loop(), asyncio.new_event_loop()
        stream = client.chat_stream(HELLO)
        running.run_until_complete(anext(stream))
        queued = standing.create_task(client.chat(HELLO))
        standing.run_until_complete(asyncio.sleep(0.2))
        running.run_until_complete(stream.aclose())
        assert running.run_until_complete(client.chat(HELLO)).first_content
        assert standing.run_until_complete(queued).first_content
        for loop in (standing, running):
            loop.run_until_complete(client.close())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


@pytest.mark.anyio
async def test_a_limit_may_be_for_one_model(make_client, server):
    """`RateLimit(model=…)` counts the requests for that model alone."""
    client = await make_client(rate_limits=[RateLimit(requests=1, per=60, model="Llama-3.3-70B")], on_limit="raise")
    await client.chat(HELLO, "Llama-3.3-70B")
    await client.chat(HELLO)
    with pytest.raises(ImagineQuotaException, match="declared quota"):
        await client.chat(HELLO, "Llama-3.3-70B")


@pytest.mark.anyio
async def test_those_who_gave_up_leave_the_queue():
    """10,000 calls that gave up while the only slot was taken are not kept."""
    with LocalServer() as server:
        server.faults.script(["stall;after=1"])
        client = ImagineAsyncClient(server.endpoint, server.api_key, max_concurrent_requests=1)
        async with client, client.chat_stream(HELLO) as stream:
            await anext(stream)
            for _ in range(20):
                calls = [asyncio.create_task(client.chat(HELLO)) for _ in range(500)]
                await asyncio.sleep(0)
                for call in calls:
                    call.cancel()
                await asyncio.gather(*calls, return_exceptions=True)
            del calls, call
            gc.collect()
            assert len([found for found in gc.get_objects() if type(found).__name__ == "_Waiter"]) < 100


def test_who_gave_up_waiting_for_a_slot_keeps_nothing():
    """A call that found no slot in time is free with its body, though nobody has freed a slot since."""

    async def wait(slots, ticket):
        with pytest.raises(ImagineTimeoutException, match="slot_timeout"):
            await slots.wait(ticket, NO_DEADLINE, 0.01)

    def ticket():
        return Ticket(
            doing="GET ping",
            since=0.0,
            lane=LaneKey("GET ping"),
            model=None,
            is_throttled=False,
            tokens=0,
            longest_wait=1.0,
            waits=True,
        )

    slots, waiting = SlotQueue(1), ticket()
    assert slots.take(ticket()) is not None
    asyncio.run(wait(slots, waiting))
    gone = weakref.ref(waiting)
    del waiting
    gc.collect()
    assert gone() is None
