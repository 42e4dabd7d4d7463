"""Streams that end well before they said anything, and byte order marks that must not make one of them."""

from __future__ import annotations

import json

import pytest
from support.clients import HELLO
from support.listeners import listening

from imagine import ImagineStreamException

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = b"data: [DONE]\n\n"
USAGE = b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n'
ASKS = {"chat_stream": HELLO, "completion_stream": "Once upon a time", "images_generate_stream": "A cat"}
BOM = b"\xef\xbb\xbf"


async def read(make_client, body, route="chat_stream", **options):
    """Read a stream that is answered with these bytes to its end."""
    async with listening(HEAD + body) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        stream = getattr(client, route)(ASKS[route], **options)
        return [chunk async for chunk in stream], stream


@pytest.mark.parametrize("route", ASKS)
@pytest.mark.parametrize("fold", [True, False])
async def test_an_end_mark_alone_is_no_answer(make_client, route, fold):
    """[DONE] and nothing before it is an error, not an answer without choices."""
    with pytest.raises(ImagineStreamException, match="before it said anything"):
        await read(make_client, DONE, route, fold=fold)


@pytest.mark.parametrize(("body", "options"), [(USAGE + DONE, {}), (USAGE, {"require_end": False})])
async def test_a_usage_alone_is_no_answer(make_client, body, options):
    """Nor are events in which no choice is."""
    with pytest.raises(ImagineStreamException, match="before it said anything") as caught:
        await read(make_client, body, **options)
    assert caught.value.partial.usage.total_tokens == 3


@pytest.mark.parametrize("marks", [BOM, 2 * BOM], ids=["one", "two"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"], ids=["LF", "CR LF"])
async def test_a_byte_order_mark_at_each_event_loses_none(make_client, marks, end):
    """Some services encode each event for itself; a mark stands before the end mark, too."""
    choices = [{"delta": {"content": text}, "finish_reason": reason} for text, reason in [("a", None), ("b", "stop")]]
    payloads = [*(json.dumps({"choices": [choice]}).encode() for choice in choices), b"[DONE]"]
    body = b"".join(marks + b"data: " + payload + end + end for payload in payloads)
    chunks, stream = await read(make_client, body)
    assert [chunk.first_content for chunk in chunks] == ["a", "b"]
    assert (await stream.final()).first_content == "ab"
