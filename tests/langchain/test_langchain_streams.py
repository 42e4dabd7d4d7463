"""Streams of the chat model."""

from __future__ import annotations

import asyncio
import json

import pytest
from langchain_core.messages import HumanMessage
from support.clients import until
from support.scripted import events

from imagine import ImagineStreamException
from imagine.server import Reply

pytestmark = pytest.mark.anyio


def tellings(chunks, name):
    """What the chunks tell under a name."""
    return [chunk.response_metadata[name] for chunk in chunks if name in chunk.response_metadata]


async def test_what_holds_for_the_whole_is_told_once(chat, server, streamed):
    """Model, finish reason and usage are in exactly one chunk, which is asked for by itself."""
    server.chat.replies("One two three")
    chunks = await streamed(chat, "Count")
    assert "".join(chunk.text for chunk in chunks) == "One two three"
    assert (tellings(chunks, "model_name"), tellings(chunks, "finish_reason")) == (["Llama-3.1-8B"], ["stop"])
    assert len([chunk for chunk in chunks if chunk.usage_metadata]) == 1
    assert server.requests[-1].json["stream_options"] == {"include_usage": True}


async def test_counts_that_grow_are_told_once(chat, server, whole):
    """Of a service that counts in each chunk, which repeats its finish reason, the last count holds."""
    piece = {"index": 0, "delta": {"content": "a"}, "finish_reason": None}
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    counts = [{"prompt_tokens": 3, "completion_tokens": done} for done in (1, 2, 2)]
    chunks = [
        {"id": "1", "model": "m", "choices": [choice], "usage": usage}
        for choice, usage in zip((piece, last, last), counts, strict=True)
    ]
    server.faults.script([events(*chunks, b"[DONE]")])
    answer = await whole(chat, "Hello")
    assert answer.usage_metadata == {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    assert answer.response_metadata["finish_reason"] == "stop"


async def test_no_usage_is_asked_for_where_the_service_refuses_it(make_chat, server, whole):
    """With `stream_usage=False` no `stream_options` are sent, and no tokens are made up."""
    answer = await whole(make_chat(stream_usage=False), "Hello")
    assert "stream_options" not in server.requests[-1].json
    assert answer.usage_metadata is None


@pytest.mark.parametrize(
    "habit",
    ["alternating", "same-index", "no-index", "new-ids", "repeated", "empty-ids", "name-in-pieces"],
)
async def test_tool_calls_are_whole_whatever_names_their_pieces(chat, server, whole, habit):
    """The calls are those that come without a stream, in each of the ways in which services stream them."""
    server.faults.script([f"tool-calls;habit={habit}"])
    calls = (await whole(chat, "Weather?")).tool_calls
    server.faults.script([f"tool-calls;habit={habit}"])
    expected = (await chat.ainvoke("Weather?")).tool_calls
    assert [(call["name"], call["args"]) for call in calls] == [(call["name"], call["args"]) for call in expected]
    assert len(calls) == 2


async def test_a_broken_stream_is_the_sdks_error(chat, server, streamed):
    """A cut stream raises the SDK's exception, with what came."""
    server.faults.script(["cut-stream;after=3"])
    with pytest.raises(ImagineStreamException) as caught:
        await streamed(chat, "Hello")
    assert caught.value.partial.first_content


async def test_a_stream_that_is_left_ends_at_the_service(chat, server, face):
    """Who leaves early closes the connection, even while the service is silent."""
    server.faults.script(["stall;after=2"])
    if face == "async":
        stream = chat.astream("Hello")
        await anext(stream)
        await stream.aclose()
    else:
        stream = chat.stream("Hello")
        await asyncio.to_thread(next, stream)
        await asyncio.to_thread(stream.close)
    await until(lambda: server.open_streams == 0)


async def test_several_answers_are_not_streamed_into_one(make_chat, server, streamed):
    """A stream with n= is refused before it is sent."""
    with pytest.raises(ValueError, match="n= 2: a stream has one answer"):
        await streamed(make_chat(model_kwargs={"n": 2}), "Hello")
    assert server.requests == []


async def test_invoke_streams_where_it_is_told_to(make_chat, server, invoke):
    """With `streaming=True` the answer of `invoke` is put together from a stream."""
    server.chat.replies("One two")
    answer = await invoke(make_chat(streaming=True), "Count")
    assert (answer.text, server.requests[-1].json["stream"]) == ("One two", True)
    assert answer.usage_metadata["output_tokens"] > 0


async def test_events_have_the_tokens(chat, server):
    """`astream_events` shows each token of a chain."""
    server.chat.replies(Reply(chunks=["One", " two"]))
    found = [event async for event in chat.astream_events([HumanMessage("Count")], version="v2")]
    texts = [event["data"]["chunk"].text for event in found if event["event"] == "on_chat_model_stream"]
    assert [text for text in texts if text] == ["One", " two"]


async def test_a_lone_choice_of_logprobs_is_kept(chat, server, whole):
    """Probabilities of all pieces are gathered."""
    pieces = [
        {"index": 0, "delta": {"content": text}, "logprobs": {"content": [{"token": text}]}} for text in ("a", "b")
    ]
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    server.faults.script([events(*({"id": "1", "choices": [choice]} for choice in (*pieces, last)), b"[DONE]")])
    answer = await whole(chat, "Hello")
    assert json.dumps(answer.response_metadata["logprobs"]) == '{"content": [{"token": "a"}, {"token": "b"}]}'
