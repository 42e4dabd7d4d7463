"""Quotas: the gate that a 429 closes, what the service's headers tell, and what the user declared."""

from __future__ import annotations

import asyncio
import gc
import math
import weakref
from types import SimpleNamespace

import pytest
from support.clients import HELLO, behind_face, until

from imagine import ImagineAPITooManyRequestsException, ImagineQuotaException, ImagineTimeoutException, RateLimit
from imagine._pacing.clock import NO_DEADLINE
from imagine._pacing.gate import Gate
from imagine._pacing.slots import SlotQueue
from imagine._pacing.throttle import Throttle
from imagine.server import LocalServer


class Ticket(SimpleNamespace):
    """What waits for a slot."""


class TestThrottle:
    """What the answers teach."""

    def test_an_open_gate_lets_everybody_out(self):
        """Without a 429 nobody waits."""
        throttle = Throttle()
        assert throttle.wait(0.0, 1000) == 0.0

    def test_a_429_closes_for_what_it_demands(self):
        """After a 429 all wait for the demanded time, then leave one by one."""
        throttle = Throttle()
        throttle.rejected(10.0, 5.0, 0)
        assert throttle.wait(10.0, 0) == 5.0
        assert throttle.wait(15.0, 0) == 0.0
        assert throttle.wait(15.0, 1) == math.inf

    def test_good_answers_open_it_again(self):
        """A second of good answers later, requests leave side by side, twice as many after each."""
        throttle = Throttle()
        throttle.rejected(0.0, 1.0, 0)
        throttle.succeeded(1.1, {}, 0)
        assert throttle.wait(1.1, 1) == math.inf
        throttle.succeeded(2.1, {}, 0)
        assert throttle.wait(2.1, 1) == 0.0
        assert throttle.wait(2.1, 2) == math.inf
        for _ in range(6):
            throttle.succeeded(2.2, {}, 0)
        assert throttle.wait(2.2, 1000) == 0.0

    def test_silence_about_the_wait_doubles_it(self):
        """Where no wait is demanded and nothing gets through, the gate is closed twice as long each time, to 60 s."""
        throttle, now, holds = Throttle(), 0.0, []
        throttle.succeeded(now, {}, 0)
        for _ in range(8):
            throttle.rejected(now, None, 0)
            holds.append(throttle.wait(now, 0))
            now += holds[-1]
        assert holds == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]

    def test_the_rest_of_a_burst_belongs_to_its_window(self):
        """Answers that were under way at the first 429 lengthen no hold, and count for the window that they left in."""
        throttle = Throttle()
        throttle.succeeded(0.0, {}, 15)
        for unanswered in (14, 13, 12):
            throttle.rejected(0.0, None, unanswered)
        for unanswered in range(11, -1, -1):
            throttle.succeeded(0.1, {}, unanswered)
        assert throttle.wait(0.0, 0) == 1.0
        for _ in range(13):
            assert throttle.wait(1.0, 0) == 0.0
            throttle.succeeded(1.0, {}, 0)
        assert throttle.wait(1.0, 0) == 1.0

    def test_a_window_is_learned(self):
        """After a 429 that came after ten good answers, the gate closes itself after ten."""
        throttle, now = Throttle(), 0.0
        for _ in range(10):
            throttle.succeeded(now, {}, 0)
        throttle.rejected(now, None, 0)
        now = 1.0
        for _ in range(10):
            assert throttle.wait(now, 0) == 0.0
            throttle.succeeded(now, {}, 0)
        assert throttle.wait(now, 0) == 1.0

    def test_a_demanded_wait_teaches_no_window(self):
        """Where the service says how long to wait, how many got through before is no limit for later."""
        throttle = Throttle()
        throttle.succeeded(0.0, {}, 0)
        throttle.rejected(0.0, 1.0, 0)
        for _ in range(20):
            assert throttle.wait(1.0, 0) == 0.0
            throttle.succeeded(1.0, {}, 0)

    def test_headers_that_came_once_bind_no_later_window(self):
        """A quota of which much was left does not make requests leave one by one when its window is over."""
        throttle = Throttle()
        throttle.succeeded(0.0, {"remaining-requests": 100.0, "reset-requests": 1.0}, 0)
        assert throttle.wait(2.0, 5) == 0.0

    def test_headers_tell_beforehand(self):
        """Of the quota that the headers tell about, no more is used than is left, counting what is under way."""
        throttle = Throttle()
        throttle.succeeded(0.0, {"remaining-requests": 3.0, "reset-requests": 7.0}, 1)
        for _ in range(2):
            assert throttle.wait(1.0, 0) == 0.0
            throttle.sent()
        assert throttle.wait(1.0, 0) == 6.0
        assert throttle.wait(7.0, 0) == 0.0
        assert throttle.wait(7.0, 1) == math.inf


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
    """A call that waits behind the gate is sent once, and the wait counts as queued."""
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
async def test_a_gate_that_is_closed_for_too_long_is_an_error_at_once(make_client, server):
    """While the service demands an hour, calls fail at once and tell how long it will take."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after=3600"])
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.chat(HELLO)
    with pytest.raises(ImagineQuotaException, match="retry_budget=120 s") as caught:
        await client.chat(HELLO)
    assert 3590 < caught.value.retry_after <= 3600
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_the_deadline_runs_behind_the_gate(make_client, server):
    """A call whose deadline comes before the gate opens ends at its deadline, unsent."""
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
async def test_who_does_not_stay_behind_the_gate(make_client, server):
    """After a 429, requests that only look and calls without retries are sent; with `on_limit="raise"` others fail."""
    client = await make_client(on_limit="raise")
    server.faults.script(["status;code=429;retry-after=30"])
    with pytest.raises(ImagineAPITooManyRequestsException):
        await client.chat(HELLO, max_retries=0)
    assert (await client.ping()).status == "ok"
    assert (await client.chat(HELLO, max_retries=0)).first_content
    with pytest.raises(ImagineQuotaException, match="answered 429") as caught:
        await client.chat(HELLO)
    assert 25 < caught.value.retry_after <= 30


def test_who_gave_up_waiting_for_a_slot_keeps_nothing():
    """A call that found no slot in time is free with its body, though nobody has freed a slot since."""

    async def wait(slots, ticket):
        with pytest.raises(ImagineTimeoutException, match="slot_timeout"):
            await slots.wait(ticket, NO_DEADLINE, 0.01)

    def ticket():
        return Ticket(doing="GET ping", since=0.0, is_throttled=False, tokens=0, longest_wait=1.0, waits=True)

    slots, waiting = SlotQueue(1, Gate()), ticket()
    assert slots.take(ticket()) is not None
    asyncio.run(wait(slots, waiting))
    gone = weakref.ref(waiting)
    del waiting
    gc.collect()
    assert gone() is None
