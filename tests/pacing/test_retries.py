"""What is sent again: the policy, a test a cell, and the same over the wire."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from support.clients import HELLO, until

import imagine
from imagine import (
    ImagineAPIAuthenticationException,
    ImagineAPIBadRequestException,
    ImagineAPIException,
    ImagineAPINotFoundException,
    ImagineAPIPermissionException,
    ImagineAPIRedirectException,
    ImagineAPIStatusException,
    ImagineAPITooManyRequestsException,
    ImagineConnectionException,
    ImagineDecodeException,
    ImagineException,
    ImagineQuotaException,
    ImagineStreamException,
    ImagineTimeoutException,
)
from imagine._headers import reported_quota, retry_after_of
from imagine._pacing.retries import TRANSIENT_STATUS, RetryPlan, delay


def status(code, retry_after=None, kind=ImagineAPIStatusException):
    """An error answer."""
    error = kind("no", code)
    if retry_after is not None:
        error.retry_after = retry_after
    return error


LIMITED = ImagineAPITooManyRequestsException
DOUBLED = {0: (10.0, 11.0), 1: (20.0, 22.0), 2: (40.0, 44.0), 9: (60.0, 66.0)}
JITTERED = {0: (0.0, 0.5), 1: (0.0, 1.0), 2: (0.0, 2.0), 3: (0.0, 4.0), 4: (0.0, 8.0), 9: (0.0, 8.0)}

RETRIED = {
    "refused": (ImagineConnectionException("", "refused"), JITTERED),
    "temporary DNS": (ImagineConnectionException("", "dns_temporary"), JITTERED),
    "connect timeout": (ImagineTimeoutException("", "connect", 10), JITTERED),
    "reset before the status": (ImagineConnectionException("", "reset"), JITTERED),
    "kept connection closed": (ImagineConnectionException("", "pooled"), {0: (0.0, 0.0), 1: (0.0, 1.0)}),
    "429 that demands a wait": (status(429, 3.0, LIMITED), {0: (3.0, 3.25), 2: (3.0, 3.25)}),
    "503 that demands a wait": (status(503, 3.0), {0: (3.0, 3.25), 2: (3.0, 3.25)}),
    "429 that does not": (status(429, None, LIMITED), DOUBLED),
    **{str(code): (status(code), JITTERED) for code in TRANSIENT_STATUS},
}


@pytest.mark.parametrize("case", RETRIED)
def test_what_is_retried_and_when(case):
    """Each row that says yes waits as long as it says, with jitter, before each retry."""
    error, waits = RETRIED[case]
    for number, (least, most) in waits.items():
        for _ in range(50):
            assert least <= delay(error, number) <= most


NOT_RETRIED = {
    "a wrong key": status(401, kind=ImagineAPIAuthenticationException),
    "a 500 that says the key is wrong": status(500, kind=ImagineAPIAuthenticationException),
    "403": status(403, kind=ImagineAPIPermissionException),
    "404": status(404, kind=ImagineAPINotFoundException),
    "409": status(409, kind=ImagineAPIException),
    "422": status(422, kind=ImagineAPIBadRequestException),
    "307 elsewhere": status(307, kind=ImagineAPIRedirectException),
    "501": status(501),
    "TLS": ImagineConnectionException("", "tls"),
    "unknown host": ImagineConnectionException("", "dns"),
    "bad URL": ImagineConnectionException("", "url"),
    "proxy 407": ImagineConnectionException("", "proxy"),
    "cut body": ImagineConnectionException("", "lost"),
    "wrong body": ImagineDecodeException(""),
    "cut stream": ImagineStreamException(""),
    "between_events": ImagineTimeoutException("", "between_events", 1),
    "deadline": ImagineTimeoutException("", "deadline", 1),
    "slot_timeout": ImagineTimeoutException("", "slot_timeout", 1),
    "quota": ImagineQuotaException("", 1),
    "anything else": ImagineException(""),
}


@pytest.mark.parametrize("case", NOT_RETRIED)
def test_what_is_not_retried(case):
    """Each row that says no is not sent again, whatever the options."""
    assert delay(NOT_RETRIED[case], 0, on_timeout=True) is None


@pytest.mark.parametrize("limit", ["write", "read", "first_event"])
def test_timeouts_are_retried_only_when_asked_for(limit):
    """A request that may still be at work is sent again only with `retry_on_timeout`."""
    error = ImagineTimeoutException("", limit, 1)
    assert delay(error, 0) is None
    assert delay(error, 0, on_timeout=True) <= 0.5


@given(st.floats(0, 1000), st.floats(0.1, 500))
def test_a_demanded_wait_is_kept_or_refused(demanded, budget):
    """A wait within the budget is waited out in full; a longer one is refused."""
    allowed = RetryPlan(3, budget).allows(status(429, demanded, LIMITED), 0)
    assert allowed == (demanded <= budget)


def test_the_budget_is_the_sum_of_all_waits():
    """Waits add up: the one that would pass the budget is refused."""
    plan = RetryPlan(10, 10.0)
    assert [plan.allows(status(429, 4.0, LIMITED), number) for number in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"retry-after-ms": "250", "Retry-After": "9"}, 0.25),
        ({"Retry-After": "Sun, 01 Nov 2026 10:00:36 GMT", "Date": "Sun, 01 Nov 2026 10:00:00 GMT"}, 36.0),
        ({"Retry-After": "Sun, 01 Nov 2026 09:00:00 GMT", "Date": "Sun, 01 Nov 2026 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "1_0"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-remaining-requests": "4", "x-ratelimit-reset-requests": "20"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "120ms"}, 0.12),
    ],
)
def test_how_services_say_how_long_to_wait(headers, seconds):
    """Seconds, milliseconds, dates by the server's clock, and resets of exhausted quotas are read; nonsense is not."""
    assert retry_after_of(CIMultiDict(headers)) == (None if seconds is None else pytest.approx(seconds))


def test_what_services_tell_about_quotas():
    """Limit, remaining and reset are read in each family of headers."""
    headers = {"X-RateLimit-Limit-Requests": "5", "ratelimit-remaining": "2", "x-ratelimit-reset": "7s"}
    told = reported_quota(CIMultiDict(headers))
    assert told == {"limit-requests": 5.0, "remaining": 2.0, "reset": 7.0}


@pytest.fixture
def no_jitter(monkeypatch):
    """Waits with jitter take their shortest."""
    monkeypatch.setattr(random, "uniform", lambda least, _most: least)


CALLS = ["chat", "chat_stream"]


async def asked(client, call, **options):
    """One chat answer, from the unary call or from the stream."""
    if call == "chat":
        return await client.chat(HELLO, max_tokens=3, **options)
    return await client.chat_stream(HELLO, max_tokens=3, **options).final()


@pytest.mark.anyio
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "fault",
    [
        *(f"status;code={code};body=html" for code in TRANSIENT_STATUS),
        "status;code=429;retry-after=0",
        "status;code=503;retry-after-ms=10",
        "reset-before-answer",
        "close-before-answer",
    ],
)
async def test_a_failure_is_retried_until_it_is_good(make_client, server, no_jitter, call, fault):
    """Two failures and a good answer are a good answer after three sends, and CallInfo tells all three."""
    calls = []
    client = await make_client(on_call=calls.append)
    server.faults.script([fault, fault])
    assert (await asked(client, call)).first_content
    assert len(server.requests) == 3
    assert [attempt.number for attempt in calls[0].attempts] == [1, 2, 3]
    assert calls[0].attempts[0].cause == ""
    assert all(attempt.cause for attempt in calls[0].attempts[1:])


@pytest.mark.anyio
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", ["wrong-key-500", "status;code=404", "status;code=422", "status;code=501"])
async def test_what_cannot_get_better_is_sent_once(make_client, server, call, fault):
    """A refusal is raised at once."""
    client = await make_client()
    server.faults.script([fault])
    with pytest.raises(ImagineAPIException):
        await asked(client, call)
    assert len(server.requests) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault", ["cut-stream;after=0", "error-event;after=0", "truncated-json", "html-200", "empty-200"]
)
async def test_nothing_after_a_good_status_is_retried(make_client, server, fault):
    """A body that is cut or wrong may have been paid for: it is not asked for again."""
    client = await make_client()
    server.faults.script([fault])
    with pytest.raises(ImagineException):
        await asked(client, "chat_stream")
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_retries_run_out(make_client, server, no_jitter):
    """After `max_retries` the last error is raised; a call's own number wins."""
    client = await make_client(max_retries=2)
    server.faults.script(["status;code=500"] * 10)
    with pytest.raises(ImagineAPIStatusException) as caught:
        await client.chat(HELLO)
    assert len(server.requests) == len(caught.value.call.attempts) == 3
    with pytest.raises(ImagineAPIStatusException):
        await client.chat(HELLO, max_retries=0)
    assert len(server.requests) == 4


@pytest.mark.anyio
async def test_a_wait_over_the_budget_is_an_error_at_once(make_client, server):
    """A service that asks for an hour is not waited for: the error has its `retry_after`."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after=3600"])
    with pytest.raises(ImagineAPITooManyRequestsException) as caught:
        await client.chat(HELLO)
    assert caught.value.retry_after == caught.value.call.retry_after == 3600
    assert len(server.requests) == 1


@pytest.mark.anyio
async def test_a_demanded_wait_is_waited(make_client, server):
    """The second send comes no earlier than the service asked for."""
    client = await make_client()
    server.faults.script(["status;code=429;retry-after-ms=300"])
    await client.chat(HELLO)
    first, second = (request.time for request in server.requests)
    assert second - first >= 0.3


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("when", ["after", "next"])
async def test_a_kept_connection_that_was_closed_costs_a_retry(make_client, server, method, when):
    """The request after one whose kept connection the server closed succeeds, over a new connection."""
    client = await make_client()
    server.faults.script([f"close-idle;when={when}"])
    for _ in range(2):
        await (client.usage() if method == "GET" else client.chat(HELLO, max_tokens=3))
    assert len({request.connection for request in server.requests}) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_no_retries_means_none(client, server, method):
    """With `max_retries=0` a request goes out once, also where aiohttp on its own would send a GET again."""
    server.faults.script(["close-idle;when=next"])
    await client.ping()
    with pytest.raises(ImagineConnectionException) as caught:
        await (client.ping() if method == "GET" else client.chat(HELLO))
    assert caught.value.reason == "pooled"
    assert len(caught.value.call.attempts) == 1


@pytest.mark.anyio
async def test_a_timeout_is_retried_only_when_asked_for(make_client, server, no_jitter):
    """`retry_on_timeout=True` sends a request again whose answer took too long."""
    for retry, sends in ((False, 1), (True, 2)):
        client = await make_client(timeout=0.2, retry_on_timeout=retry)
        before = len(server.requests)
        server.faults.script(["silent"])
        try:
            assert (await asked(client, "chat_stream")).first_content
        except ImagineTimeoutException as error:
            assert not retry
            assert error.limit == "first_event"
        assert len(server.requests) - before == sends
        server.faults.clear()


@pytest.mark.anyio
async def test_retries_are_logged(make_client, server, no_jitter, caplog):
    """Each retry is a line at WARNING that says what failed and how long it waits."""
    client = await make_client()
    server.faults.script(["status;code=502"])
    with caplog.at_level(logging.WARNING, "imagine"):
        await client.chat(HELLO)
    (line,) = [record.getMessage() for record in caplog.records]
    assert "POST chat/completions" in line
    assert "502" in line
    assert "attempt 2" in line


@pytest.mark.anyio
async def test_cancelling_a_wait_for_a_retry_ends_it(server, caplog):
    """A task that is cancelled while its call backs off ends at once, and sends nothing more."""
    caplog.set_level(logging.INFO, "imagine")
    server.faults.script(["status;code=429;retry-after=60"])
    async with imagine.ImagineAsyncClient(server.endpoint, server.api_key) as client:
        task = asyncio.create_task(client.chat(HELLO))
        await until(lambda: any("attempt 2" in line for line in caplog.messages))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(server.requests) == 1
