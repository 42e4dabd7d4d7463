"""Faults of time and of the connection, seen on the socket."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientOSError, ClientPayloadError, ServerDisconnectedError
from support.raw_http import CHAT, CHAT_STREAM, EMBEDDING, events, raw, read_event, until

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

    from imagine.server import LocalServer

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio

TOKENS = 6


async def read(session: ClientSession, fault: str, body: object = CHAT_STREAM) -> str:
    async with session.post("chat/completions", json=body, headers={"X-Imagine-Fault": fault}) as answer:
        return await answer.text()


async def read_to_the_break(answer: ClientResponse) -> bytes:
    received = b""
    with pytest.raises((ClientOSError, ClientPayloadError)):
        async for data in answer.content.iter_any():
            received += data
    return received


async def test_delay_comes_before_the_status_line(session: ClientSession) -> None:
    """The good answer is late as a whole."""
    started = time.perf_counter()
    async with session.get("ping", headers={"X-Imagine-Fault": "delay;seconds=0.2"}) as answer:
        assert time.perf_counter() - started >= 0.2
        assert (await answer.json())["message"] == "pong"


@pytest.mark.parametrize("fault", ["slow-headers;size=40;seconds=0.01", "slow-drip;size=100;seconds=0.01"])
async def test_slow_answers_are_whole_in_the_end(session: ClientSession, fault: str) -> None:
    """What trickles is the good answer."""
    assert events(await read(session, fault))[-1] == "[DONE]"


@pytest.mark.parametrize("fault", ["cut-stream;after=2", "cut-stream;after=2;reset=false"])
async def test_a_cut_stream_breaks_after_its_events(session: ClientSession, fault: str) -> None:
    """The given number of events arrive whole, then the connection breaks."""
    async with session.post("chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": fault}) as answer:
        assert len(events((await read_to_the_break(answer)).decode())) == 2


@pytest.mark.parametrize("fault", ["cut-stream;after=2", "short-body"])
async def test_a_whole_answer_breaks_too(session: ClientSession, fault: str) -> None:
    """Of an answer that is not a stream only a part arrives, and HTTP shows it."""
    async with session.post("chat/completions", json=CHAT, headers={"X-Imagine-Fault": fault}) as answer:
        assert (await read_to_the_break(answer)).startswith(b'{"id"')


@pytest.mark.parametrize("fault", ["cut-clean;after=2", "close-delimited;after=2"])
async def test_an_undetectable_cut(session: ClientSession, fault: str) -> None:
    """The given number of events arrive, and the body ends as HTTP requires."""
    chunks = events(await read(session, fault))
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None]


async def test_no_done_has_its_finish_reason(session: ClientSession) -> None:
    """Only the end mark is missing."""
    chunks = events(await read(session, "no-done"))
    assert len(chunks) == TOKENS
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"


async def test_a_stall_holds_the_stream_open(session: ClientSession, server: LocalServer) -> None:
    """After its events a stalled stream is open and silent, until the client leaves."""
    async with session.post(
        "chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": "stall;after=1"}
    ) as answer:
        await read_event(answer)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.content.readany(), 0.05)
        assert server.open_streams == 1
    await until(lambda: server.open_streams == 0)


async def test_heartbeats_only(session: ClientSession) -> None:
    """Comments follow the events, and nothing else does."""
    headers = {"X-Imagine-Fault": "heartbeats-only;after=1;seconds=0.001"}
    async with session.post("chat/completions", json=CHAT_STREAM, headers=headers) as answer:
        seen = [await read_event(answer) for _ in range(5)]
    assert seen[0].startswith(b"data: ")
    assert seen[1:] == [b": ping\n\n"] * 4


async def test_an_error_event(session: ClientSession) -> None:
    """An error takes the place of the rest of the stream."""
    *chunks, error = events(await read(session, "error-event;after=2;code=429"))
    assert len(chunks) == 2
    assert error["error"]["code"] == 429
    assert "\n\nevent: error\ndata: {" in await read(session, "error-event;named=true")


async def test_a_garbage_event(session: ClientSession) -> None:
    """One event is not JSON, the others are good."""
    text = await read(session, "garbage-event;after=2")
    assert text.split("\n\n")[2] == 'data: {"choices": [{"delta": oops'
    assert text.endswith("data: [DONE]\n\n")


async def test_hold_after_done(session: ClientSession, server: LocalServer) -> None:
    """The end mark comes, the end of the body does not."""
    async with session.post(
        "chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": "hold-after-done"}
    ) as answer:
        await answer.content.readuntil(b"[DONE]\n\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(answer.content.readany(), 0.05)
        assert server.open_streams == 1


async def test_silence(session: ClientSession) -> None:
    """No status line comes."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(session.get("ping", headers={"X-Imagine-Fault": "silent"}), 0.05)


async def test_a_connection_is_closed_before_the_answer(session: ClientSession) -> None:
    """The request is met with an orderly end."""
    with pytest.raises(ServerDisconnectedError):
        await session.post("embeddings", json=EMBEDDING, headers={"X-Imagine-Fault": "close-before-answer"})


@pytest.mark.parametrize(("fault", "json"), [("reset-before-answer", CHAT), ("reset-before-body", None)])
async def test_a_connection_is_reset_before_the_answer(server: LocalServer, fault: str, json: object) -> None:
    """The request is met with a reset, after its body has been read or before."""
    reader, _ = await raw(server, CHAT, fault)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    assert server.requests[0].json == json


async def test_a_kept_connection_closes_while_idle(session: ClientSession, server: LocalServer) -> None:
    """The answer promises to keep the connection, which then closes; the next request makes a new one."""
    async with session.get("ping", headers={"X-Imagine-Fault": "close-idle"}) as answer:
        assert "Connection" not in answer.headers
        await answer.read()
    await until(lambda: server.open_connections == 0)
    async with session.get("ping") as answer:
        assert answer.status == 200
    assert [request.connection for request in server.requests] == [1, 2]


async def test_a_kept_connection_closes_under_the_next_request(session: ClientSession, server: LocalServer) -> None:
    """The next request over the same connection arrives and is not answered; one over another connection is."""
    async with session.get("ping", headers={"X-Imagine-Fault": "close-idle;when=next"}) as answer:
        await answer.read()
    with pytest.raises(ServerDisconnectedError):
        await session.post("embeddings", json=EMBEDDING)
    async with session.post("embeddings", json=EMBEDDING) as answer:
        assert answer.status == 200
    assert [request.connection for request in server.requests] == [1, 1, 2]
