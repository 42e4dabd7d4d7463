"""Faults of the answer as a whole, of its content and of its framing."""

from __future__ import annotations

import json
import math
import time
import zlib
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientPayloadError
from aiohttp.client_exceptions import ClientResponseError
from support.raw_http import CHAT, CHAT_STREAM, COMPLETION, events, post, raw

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from multidict import CIMultiDictProxy

    from imagine.server import LocalServer

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


async def read(session: ClientSession, fault: str, body: object = CHAT_STREAM) -> str:
    async with session.post("chat/completions", json=body, headers={"X-Imagine-Fault": fault}) as answer:
        return await answer.text()


async def chunks_of(session: ClientSession, fault: str) -> list[Any]:
    return [chunk for chunk in events(await read(session, fault)) if chunk != "[DONE]"]


async def status(session: ClientSession, fault: str) -> tuple[int, bytes, CIMultiDictProxy[str]]:
    headers = {"X-Imagine-Fault": fault}
    async with session.post("chat/completions", json=CHAT, headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.read(), answer.headers


@pytest.mark.parametrize(
    ("fault", "code", "body"),
    [
        ("status", 503, {"message": "Service Unavailable", "status": "error"}),
        ("status;code=401", 401, {"message": "Unauthorized", "status": "error"}),
        ("status;code=404", 404, {"detail": "Model not found"}),
        ("status;code=429", 429, {"message": "Rate limit exceeded", "status": "error"}),
        ("status;code=418;message=short and stout", 418, {"message": "short and stout", "status": "error"}),
        ("status;code=599", 599, {"message": "Unknown", "status": "error"}),
        ("wrong-key-500", 500, {"message": "Invalid API key, no user found"}),
    ],
)
async def test_error_statuses(session: ClientSession, fault: str, code: int, body: object) -> None:
    """Any status can be asked for; the service's own bodies are used for those it has."""
    seen, content, headers = await status(session, fault)
    assert (seen, json.loads(content), headers["Content-Type"]) == (code, body, "application/json")


@pytest.mark.parametrize(("fault", "code"), [("status;code=502;body=html", 502), ("html-200", 200)])
async def test_web_pages(session: ClientSession, fault: str, code: int) -> None:
    """Gateways answer with pages, also under status 200."""
    seen, content, headers = await status(session, fault)
    assert seen == code
    assert headers["Content-Type"].startswith("text/html")
    assert content.startswith(b"<html>")


@pytest.mark.parametrize(("fault", "code"), [("empty-200", 200), ("no-content-204", 204)])
async def test_empty_answers(session: ClientSession, fault: str, code: int) -> None:
    """A good status may come without a body."""
    assert (await status(session, fault))[:2] == (code, b"")


async def test_waits_in_their_spellings(session: ClientSession) -> None:
    """`Retry-After` comes as it is given, in milliseconds, or as a date."""
    assert (await status(session, "status;retry-after=soon"))[2]["Retry-After"] == "soon"
    assert (await status(session, "status;retry-after-ms=1500"))[2]["retry-after-ms"] == "1500"
    date = (await status(session, "status;retry-after-date=30"))[2]["Retry-After"]
    assert 20 < parsedate_to_datetime(date).timestamp() - time.time() <= 30
    assert "Retry-After" not in (await status(session, "status"))[2]


async def test_redirects(session: ClientSession, server: LocalServer) -> None:
    """A redirect leads to the same origin, to the same server by another name, in a loop, or anywhere."""
    path = "/apis/v2/chat/completions"
    targets = {
        "redirect;to=same": f"http://127.0.0.1:{server.port}{path}?moved=1",
        "redirect;to=other;code=302": f"http://localhost:{server.port}{path}?moved=1",
        "redirect;to=loop": f"http://127.0.0.1:{server.port}{path}",
        "redirect;location=//example.org/": "//example.org/",
    }
    for fault, target in targets.items():
        code, _, headers = await status(session, fault)
        assert (code, headers["Location"]) == (302 if "302" in fault else 307, target)
    assert "choices" in await post(session, "chat/completions", CHAT, fault="redirect;to=same")


async def test_a_wrong_content_type(session: ClientSession) -> None:
    """The stream is good, its type is not."""
    headers = {"X-Imagine-Fault": "wrong-content-type;value=application/json"}
    async with session.post("chat/completions", json=CHAT_STREAM, headers=headers) as answer:
        assert answer.content_type == "application/json"
        assert events(await answer.text())[-1] == "[DONE]"


async def test_compressed_answers(session: ClientSession) -> None:
    """Answers and streams may be compressed; a stream event by event."""
    assert "choices" in json.loads(await read(session, "gzip", CHAT))
    async with session.post("chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert (await answer.content.readuntil(b"\n\n")).startswith(b"data: {")
        assert events((await answer.read()).decode())[-1] == "[DONE]"


@pytest.mark.parametrize("body", [CHAT, CHAT_STREAM], ids=["whole", "stream"])
async def test_a_compressed_bomb(server: LocalServer, body: object) -> None:
    """A few bytes decompress to many megabytes, with the good answer at their end."""
    reader, writer = await raw(server, body, "gzip-bomb;megabytes=20")
    await reader.readuntil(b"\r\n\r\n")
    packed = b""
    while size := int(await reader.readline(), 16):
        packed += await reader.readexactly(size)
        await reader.readline()
    writer.close()
    unpacked = zlib.decompress(packed, wbits=31)
    assert len(packed) < 50_000
    assert len(unpacked) > 20 * 2**20
    assert unpacked.rstrip().endswith((b"}", b"[DONE]"))


@pytest.mark.parametrize("body", [CHAT, CHAT_STREAM], ids=["whole", "stream"])
async def test_a_huge_event(session: ClientSession, body: object) -> None:
    """The good answer follows after megabytes."""
    text = await read(session, "huge-event;megabytes=2", body)
    assert len(text) > 2 * 2**20
    assert "choices" in (json.loads(text) if body is CHAT else events(text)[1])


async def test_a_flood_of_headers(server: LocalServer, session: ClientSession) -> None:
    """As many headers come as asked for, more than an HTTP client accepts."""
    reader, writer = await raw(server, CHAT, "header-flood;count=3;size=5")
    assert (await reader.readuntil(b"\r\n\r\n")).count(b": xxxxx\r\n") == 3
    writer.close()
    with pytest.raises((ClientResponseError, ClientPayloadError)):
        await read(session, "header-flood")


async def test_truncated_json(session: ClientSession) -> None:
    """HTTP is whole, JSON is not."""
    with pytest.raises(json.JSONDecodeError):
        json.loads(await read(session, "truncated-json", CHAT))
    with pytest.raises(json.JSONDecodeError):
        events(await read(session, "truncated-json"))


async def test_json_of_another_shape(session: ClientSession) -> None:
    """Valid JSON that is not an answer."""
    assert await post(session, "chat/completions", CHAT, fault="wrong-shape") == {"unexpected": [1, 2, 3]}
    assert (await chunks_of(session, "wrong-shape"))[0] == {"unexpected": [1, 2, 3]}


async def test_finish_reasons(session: ClientSession) -> None:
    """The finish reason may be unknown, or hide that the text was cut."""
    unknown = await post(session, "chat/completions", CHAT, fault="unknown-finish-reason;reason=abort")
    assert unknown["choices"][0]["finish_reason"] == "abort"
    chunks = await chunks_of(session, "stop-though-cut")
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * 5 + ["stop"]


async def test_fields_that_are_missing_null_or_new(session: ClientSession) -> None:
    """Answers lose fields, or have nulls or unknown fields in them."""
    missing = await post(session, "chat/completions", CHAT, fault="missing-fields")
    nulls = await post(session, "chat/completions", CHAT, fault="null-fields;names=usage,role")
    [extra, *_] = await chunks_of(session, "extra-fields")
    assert list(missing) == ["choices"]
    assert nulls["usage"] is None
    assert nulls["choices"][0]["message"]["role"] is None
    assert "x_vendor" in extra
    assert "x_vendor" in extra["choices"][0]["delta"]


async def test_odd_texts(session: ClientSession) -> None:
    """Texts carry reasoning, line separators, and half a surrogate pair, in chats and completions."""
    [reasoning, *_] = await chunks_of(session, "reasoning-content;text=Hm.")
    assert reasoning["choices"][0]["delta"]["reasoning_content"] == "Hm."
    assert "\u2028\u2029\x85" in await read(session, "line-separators")
    assert '\\ud83d"' in await read(session, "lone-surrogate")
    completion = await post(session, "completions", COMPLETION, fault="lone-surrogate")
    assert completion["choices"][0]["text"].endswith("\ud83d")


async def test_what_is_nearly_json(session: ClientSession) -> None:
    """NaN, and bytes that are not UTF-8."""
    assert math.isnan((await chunks_of(session, "nan"))[0]["created"])
    async with session.post("chat/completions", json=CHAT, headers={"X-Imagine-Fault": "invalid-utf8"}) as answer:
        assert (await answer.read()).endswith(b'"note": "\xff\xfe"}')


async def test_tool_calls_in_pieces_that_alternate(session: ClientSession) -> None:
    """Merged by index, the pieces of a stream are the calls of the whole answer."""
    whole = await post(session, "chat/completions", CHAT, fault="tool-calls")
    chunks = await chunks_of(session, "tool-calls")
    pieces = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    merged = ["".join(call["function"]["arguments"] for call in pieces if call["index"] == index) for index in (0, 1)]
    assert [call["index"] for call in pieces[:4]] == [0, 1, 0, 1]
    assert merged == [call["function"]["arguments"] for call in whole["choices"][0]["message"]["tool_calls"]]
    assert chunks[-1]["choices"][0]["finish_reason"] == whole["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize(
    ("fault", "start", "event_end"),
    [
        ("sse-crlf", "data: {", "\r\n\r\n"),
        ("sse-cr", "data: {", "\r\r"),
        ("sse-no-space", "data:{", "\n\n"),
        ("sse-multi-line", "data: {\ndata:  ", "\n\n"),
        ("sse-comments", ": ping\n\ndata: {", "\n\n"),
        ("sse-pings", "event: ping\n\ndata: {", "\n\n"),
        ("sse-ids", "id: 7\nretry: 3000\n\ndata: {", "\n\n"),
        ("sse-named", "event: message\nid: 7\ndata: {", "\n\n"),
        ("sse-bom", "\ufeffdata: {", "\n\n"),
        ("sse-boms", "\ufeffdata: {", "\n\n"),
        ("sse-split;size=7", "data: {", "\n\n"),
    ],
)
async def test_framings(session: ClientSession, fault: str, start: str, event_end: str) -> None:
    """Events come in another spelling, all of them, the end mark too."""
    async with session.post("chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": fault}) as answer:
        text = (await answer.read()).decode()
    assert text.startswith(start)
    assert text.endswith("[DONE]" + event_end)
    assert text.count("[DONE]") == 1


async def test_an_unended_event(session: ClientSession) -> None:
    """The last event has no blank line after it, and no end mark follows."""
    text = await read(session, "sse-unended")
    chunks = events(text + "\n\n")
    assert text.endswith("}")
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
