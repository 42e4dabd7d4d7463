"""How faults are asked for, scripted and described, and that every one of them plays."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientError
from support.raw_http import CHAT, CHAT_STREAM, EMBEDDING, post, raw, until

from imagine.server import LocalServer, Raw
from imagine.server.faults import FAULTS, parse

if TYPE_CHECKING:
    from aiohttp import ClientSession

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio

SMALL = {"gzip-bomb": "gzip-bomb;megabytes=1", "huge-event": "huge-event;megabytes=1", "delay": "delay;seconds=0.01"}
SMALL |= {name: f"{name};size=50;seconds=0" for name in ("slow-headers", "slow-drip")}
ENDLESS = {"silent", "stall", "heartbeats-only", "hold-after-done"}


@pytest.mark.parametrize("body", [CHAT, CHAT_STREAM], ids=["whole", "stream"])
@pytest.mark.parametrize("name", sorted(FAULTS))
async def test_every_fault_plays(
    session: ClientSession, server: LocalServer, caplog: pytest.LogCaptureFixture, name: str, body: object
) -> None:
    """A fault plays on whole answers and on streams, is recorded, ends with its client and logs nothing."""
    fault = SMALL.get(name, name)

    async def ask() -> None:
        headers = {"X-Imagine-Fault": fault}
        async with session.post("chat/completions", json=body, headers=headers, allow_redirects=False) as answer:
            await answer.read()

    asking = asyncio.create_task(ask())
    if name in ENDLESS:
        await until(lambda: bool(server.requests) and server.requests[0].fault == name)
        asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert asking.cancelled() or asking.exception() is None or isinstance(asking.exception(), ClientError)
    assert server.requests[0].fault == name
    await session.close()
    await until(lambda: (server.open_streams, server.open_connections) == (0, 0))
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_every_fault_says_what_it_does() -> None:
    """Each has a sentence, and a spelling with all defaults that reads back as itself."""
    for fault in FAULTS.values():
        assert fault.summary.endswith(".")
        assert dict(parse(fault.spelling).arguments) == dict(fault.parameters)


@pytest.mark.parametrize(
    ("spelling", "message"),
    [
        ("cut", r"Unknown fault 'cut'; known: .*cut-stream"),
        ("", r"Unknown fault ''"),
        ("cut-stream;before=2", r"no parameter 'before'; it takes: after, reset"),
        ("silent;after=2", r"it takes: none"),
        ("cut-stream;after=two", r"a number for 'after', not 'two'"),
    ],
)
def test_a_wrong_spelling_says_what_is_right(spelling: str, message: str) -> None:
    """Unknown names, parameters and values are errors that name the known ones."""
    with pytest.raises(ValueError, match=message):
        parse(spelling)


async def test_an_unknown_fault_is_answered_with_400(session: ClientSession) -> None:
    """A header that names an unknown fault is the caller's mistake."""
    async with session.get("ping", headers={"X-Imagine-Fault": "cut"}) as answer:
        assert answer.status == 400
        assert re.match("Unknown fault 'cut'; known: ", (await answer.json())["detail"])


async def test_a_script_is_played_one_fault_per_request(session: ClientSession, server: LocalServer) -> None:
    """Faults go to requests in the order of their arrival, None is a good answer, and then all are good."""
    server.faults.script(["status;code=502", None])
    server.faults.script(["html-200"])
    answers = []
    for _ in range(4):
        async with session.post("embeddings", json=EMBEDDING) as answer:
            answers.append((answer.status, answer.content_type))
    assert answers == [
        (502, "application/json"),
        (200, "application/json"),
        (200, "text/html"),
        (200, "application/json"),
    ]
    assert [request.fault for request in server.requests] == ["status", None, "html-200", None]
    assert all(request.json == EMBEDDING for request in server.requests)


async def test_a_header_goes_before_the_script(session: ClientSession, server: LocalServer) -> None:
    """A request that names its fault leaves the script to the others, as does one with a wrong key."""
    server.faults.script(["empty-200"])
    async with session.post("embeddings", json=EMBEDDING, headers={"X-Imagine-Fault": "status"}) as answer:
        assert answer.status == 503
    async with session.get("ping", headers={"Authorization": "Bearer wrong"}) as answer:
        assert answer.status == 401
    async with session.get("ping") as answer:
        assert await answer.read() == b""


async def test_a_script_can_be_cleared(session: ClientSession, server: LocalServer) -> None:
    """What was not played is forgotten; an unknown fault adds nothing."""
    server.faults.script(["silent"] * 3)
    server.faults.clear()
    with pytest.raises(ValueError, match="Unknown fault"):
        server.faults.script(["silent", "quiet"])
    assert len(server.faults) == 0
    assert "data" in await post(session, "embeddings", EMBEDDING)


async def test_a_bad_request_stays_one_under_a_fault(session: ClientSession) -> None:
    """A fault of the good answer needs one: a request that is refused gets its refusal."""
    async with session.post("embeddings", json={}, headers={"X-Imagine-Fault": "gzip"}) as answer:
        assert answer.status == 422


@pytest.mark.parametrize("then", ["keep", "close", "abort", "hold"])
async def test_raw_answers_are_written_as_they_are(server: LocalServer, then: str) -> None:
    """A raw answer's bytes arrive verbatim after the request was read, and the connection does what it says."""
    server.faults.script([Raw([b"HTTP/1.1 299 Odd\r\n", 0.01, b"\r\nxyz", 0.05], then)])
    reader, writer = await raw(server, CHAT, "")
    assert await reader.readexactly(23) == b"HTTP/1.1 299 Odd\r\n\r\nxyz"
    assert server.requests[0].json == CHAT
    if then == "close":
        assert await reader.read() == b""
    elif then == "abort":
        with pytest.raises(ConnectionResetError):
            await reader.read()
    else:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
    writer.close()
