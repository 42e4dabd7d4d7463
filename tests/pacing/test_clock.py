"""Time limits: each ends the call soon after it, with the exception that names it."""

from __future__ import annotations

import asyncio
import math
import socket
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import HELLO

from imagine import ImagineAsyncClient, ImagineConnectionException, ImagineTimeoutException, Timeout
from imagine._pacing.clock import NO_DEADLINE, Clock, Watchdog
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

QUICK = 0.2
SOON = 10.0
"""Seconds within which even a busy machine ends a call at its limit; the other limits are a minute and more."""


@contextmanager
def hits(limit, seconds=QUICK):
    """The block hits this limit: no earlier, and not much later."""
    began = time.monotonic()
    with pytest.raises(ImagineTimeoutException) as caught:
        yield caught
    assert seconds <= time.monotonic() - began + 0.001
    assert time.monotonic() - began < seconds + SOON
    error = caught.value
    assert (error.limit, error.seconds) == (limit, seconds)
    assert f"{limit}={seconds:g} s" in str(error)
    assert isinstance(error, TimeoutError)
    assert isinstance(error, ImagineConnectionException)


@pytest.fixture
def deaf_port():
    """A port whose queue of connections is full: a new one is neither accepted nor refused."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


async def test_connect(make_client, deaf_port):
    """A connection that does not come about hits `connect`."""
    client = await make_client(endpoint=f"http://127.0.0.1:{deaf_port}", max_retries=0, timeout=Timeout(connect=QUICK))
    with hits("connect"):
        await client.ping()


async def test_connect_while_tls_is_silent(make_client, server):
    """A TLS handshake that is never answered is part of `connect`."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
        client = await make_client(endpoint=endpoint, max_retries=0, timeout=Timeout(connect=QUICK))
        await asyncio.sleep(0)
        with hits("connect"):
            await client.ping()


async def test_closing_a_client_leaves_calls_their_limits():
    """A call that is still connecting when its client is closed ends at its limit all the same."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
        client = ImagineAsyncClient(endpoint, "key", 0, Timeout(connect=QUICK))
        with hits("connect"):
            call = asyncio.create_task(client.ping())
            silent, _ = await asyncio.get_running_loop().sock_accept(listener)
            with silent:
                await client.close()
                await call


async def test_after_a_stall_what_came_meanwhile_is_looked_at_first():
    """Where the loop was blocked beyond a limit, it hits no earlier than 50 ms later, however often it is looked at."""
    call = SimpleNamespace(timeout=Timeout(), deadline=NO_DEADLINE, doing="GET ping")
    loop = asyncio.get_running_loop()
    clock = Clock(call, Watchdog(loop), math.inf, "read", 10.0)
    assert [clock.check(now) for now in (9.0, 10.5, 10.51, 10.54)] == pytest.approx([10.0, 10.55, 10.55, 10.55])
    assert clock.hit is None
    clock.check(10.56)
    assert clock.hit.name == "read"


async def test_write(make_client):
    """A service that stops taking the body hits `write`."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        client = await make_client(endpoint=endpoint, max_retries=0, timeout=Timeout(write=QUICK))
        with hits("write"):
            await client.embeddings("x" * 20_000_000)


@pytest.mark.parametrize("fault", ["silent", "delay;seconds=5", "slow-headers;seconds=0.05", "slow-drip;seconds=0.05"])
async def test_read(make_client, server, fault):
    """An answer that is late, silent or trickling hits `read`, however often a byte comes."""
    client = await make_client(max_retries=0, timeout=Timeout(read=QUICK))
    server.faults.script([fault])
    with hits("read"):
        await client.chat(HELLO)


@pytest.mark.parametrize(
    "fault", ["silent", "slow-headers;seconds=0.05", "stall;after=0", "slow-drip;size=1;seconds=0.02"]
)
async def test_first_event(make_client, server, fault):
    """A stream whose first event does not come hits `first_event`, however often a byte comes."""
    client = await make_client(max_retries=0, timeout=Timeout(first_event=QUICK))
    server.faults.script([fault])
    with hits("first_event"):
        await client.chat_stream(HELLO).final()


async def test_keepalives_extend_the_first_event_ten_times(make_client, server):
    """Before the first event each keep-alive starts `first_event` anew, up to ten times its length in all."""
    client = await make_client(max_retries=0, timeout=Timeout(first_event=0.1))
    server.faults.script(["heartbeats-only;seconds=0.05"])
    began = time.monotonic()
    with pytest.raises(ImagineTimeoutException, match=r"first_event=0\.1 s"):
        await client.chat_stream(HELLO).final()
    assert 1.0 <= time.monotonic() - began < 1.0 + SOON


async def test_keepalives_let_a_late_first_event_come(make_client, server):
    """A stream that heartbeats for longer than `first_event` and then begins is read."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    beats = [b": ping\n\n", 0.15] * 3
    last = b'data: {"choices":[{"delta":{"content":"late"},"finish_reason":"stop"}]}\n\n'
    client = await make_client(max_retries=0, timeout=Timeout(first_event=0.3))
    server.faults.script([Raw([head, *beats, last])])
    assert (await client.chat_stream(HELLO).final()).first_content == "late"


@pytest.mark.parametrize("fault", ["stall;after=2", "heartbeats-only;after=2;seconds=0.05"])
async def test_between_events(make_client, server, fault):
    """Silence after an event hits `between_events`, and so do keep-alives alone."""
    client = await make_client(max_retries=0, timeout=Timeout(between_events=QUICK))
    server.faults.script([fault])
    with hits("between_events") as caught:
        await client.chat_stream(HELLO).final()
    assert caught.value.partial.first_content


async def test_the_consumers_time_is_its_own(make_client, server):
    """A consumer that works for longer than `between_events` gets all chunks."""
    client = await make_client(timeout=Timeout(between_events=QUICK))
    server.faults.script(["slow-drip;size=200;seconds=0.02"])
    texts = []
    async for chunk in client.chat_stream(HELLO, max_tokens=3):
        texts.append(chunk.first_content)
        await asyncio.sleep(1.5 * QUICK)
    assert texts


@pytest.mark.parametrize("call", ["chat", "chat_stream"])
@pytest.mark.parametrize("fault", ["silent", "status;code=429;retry-after=30", "slow-drip;seconds=0.05"])
async def test_deadline(make_client, server, call, fault):
    """`deadline=` ends a call while it waits for the answer, backs off, or reads the body."""
    client = await make_client()
    server.faults.script([fault])
    with hits("deadline"):
        await (
            client.chat(HELLO, deadline=QUICK) if call == "chat" else client.chat_stream(HELLO, deadline=QUICK).final()
        )


async def test_deadline_in_the_middle_of_a_stream(client, server):
    """The deadline runs on while events come, and ends the stream with what came."""
    server.faults.script(["slow-drip;size=40;seconds=0.01"])
    with hits("deadline", seconds=0.5) as caught:
        await client.chat_stream(HELLO, max_tokens=100, deadline=0.5).final()
    assert caught.value.partial.first_content


async def test_slot_timeout(make_client, server):
    """Nobody waits longer than `slot_timeout` for a slot; the error tells which streams hold them."""
    client = await make_client(max_concurrent_requests=1, slot_timeout=QUICK)
    server.faults.script(["stall;after=1"])
    async with client.chat_stream(HELLO) as stream:
        async for _ in stream:
            break
        with hits("slot_timeout") as caught:
            await client.usage()
        assert "1 of 1 are taken" in str(caught.value)
        assert "POST chat/completions for 0" in str(caught.value)
    assert (await client.ping()).status == "ok"


async def test_deadline_while_waiting_for_a_slot(make_client, server):
    """The deadline also ends the wait for a slot, under its own name."""
    client = await make_client(max_concurrent_requests=1)
    server.faults.script(["stall;after=1"])
    async with client.chat_stream(HELLO) as stream:
        async for _ in stream:
            break
        with hits("deadline"):
            await client.chat(HELLO, deadline=QUICK)


async def test_infinite_parts_never_run_out(make_client, server):
    """`math.inf` turns a part off."""
    client = await make_client(timeout=Timeout(*[math.inf] * 5))
    server.faults.script(["delay;seconds=0.1", "delay;seconds=0.1"])
    assert (await client.chat(HELLO, max_tokens=3)).first_content
    assert (await client.chat_stream(HELLO, max_tokens=3).final()).first_content


async def test_a_calls_own_timeout_wins(make_client, server):
    """`timeout=` of a call stands in place of the client's."""
    client = await make_client(max_retries=0)
    server.faults.script(["silent"])
    with hits("read"):
        await client.chat(HELLO, timeout=QUICK)


@given(st.floats(0.001, 1e6))
def test_a_number_sets_all_parts(seconds):
    """A plain number sets connect to at most 10 and all other parts to itself."""
    assert Timeout.of(seconds) == Timeout(min(10.0, seconds), seconds, seconds, seconds, seconds)
