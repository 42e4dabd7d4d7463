"""Streams in which a choice has a whole message, or a text, where its delta belongs."""

from __future__ import annotations

import json

import pytest
from support.clients import HELLO
from support.listeners import listening

from imagine import ImagineStreamException

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
CALLS = [
    {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"at": 1}'}},
    {"id": "b", "type": "function", "function": {"name": "look", "arguments": "{}"}},
]
MESSAGE = {"role": "assistant", "content": "Hello", "reasoning": "Greet.", "tool_calls": CALLS}


def said(content, **more):
    """A message with a text."""
    return {"role": "assistant", "content": content, **more}


def whole(message, reason="stop"):
    """A choice with a message in place of its delta."""
    return {"message": message, "finish_reason": reason}


def piece(content="", reason=None, **more):
    """A choice with a delta."""
    return {"delta": {"content": content}, "finish_reason": reason, **more}


NO_CHUNK = r"fit (Chunk|CompletionStreamResponse): .*choices\[0\]\.(message|text)"
STREAMS = {
    "a message": ([whole(said("Hello"))], "Hello"),
    "beside a delta that is null": ([{**whole(said("Hello")), "delta": None}], "Hello"),
    "behind a delta without text": ([piece(role="assistant"), whole(said("Hello"))], "Hello"),
    "in pieces": ([whole(said(text), None) for text in ("ha", "ha", "!")] + [piece(reason="stop")], "haha!"),
    "twice": ([whole(said("Hello"))] * 2, "Hello"),
    "behind its pieces": ([piece("Hel"), piece("lo", "stop"), whole(said("Hello"))], "Hello"),
    "beside its pieces": (
        [
            piece("Hel", message=said("Hel")),
            piece("lo", message=said("Hello")),
            piece("", "stop", message=said("Hello")),
        ],
        "Hello",
    ),
    "a text": ([{"text": "Hello", "finish_reason": "stop"}], "Hello"),
    "only leniently": ([{**whole({"role": 7, "content": "Hello"}), "index": None}], "Hello"),
    "behind others of the same read": ([piece("Hel"), piece("lo"), whole(said("Hello"))], "Hello"),
    "a text in pieces": ([{"text": "Hel"}, {"text": "lo"}, {"text": "", "finish_reason": "stop"}], "Hello"),
}


async def streamed(make_client, route, choices, **options):
    """Return the chunks of a stream of these choices, and the stream."""
    bodies = [{"id": "1", "model": "m", "choices": [{"index": 0, **choice}]} for choice in choices]
    return await streamed_events(make_client, route, bodies, **options)


async def streamed_events(make_client, route, bodies, **options):
    """Return the chunks of a stream of these events, and the stream."""
    events = b"".join(b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies)
    async with listening(HEAD + events + b"data: [DONE]\n\n") as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        asked = HELLO if route == "chat" else "Once upon a time"
        stream = getattr(client, f"{route}_stream")(asked, **options)
        return [chunk async for chunk in stream], stream


@pytest.mark.parametrize(("choices", "text"), STREAMS.values(), ids=STREAMS.keys())
@pytest.mark.parametrize("route", ["chat", "completion"])
@pytest.mark.parametrize("fold", [True, False])
async def test_a_whole_text_is_taken_once(make_client, route, choices, text, fold):
    """What stands in place of deltas is in the chunks' deltas, and what deltas have said is not said again."""
    chunks, stream = await streamed(make_client, route, choices, fold=fold)
    assert "".join(chunk.first_content or "" for chunk in chunks) == text
    if fold:
        assert stream.text == text
        final = await stream.final()
        assert (final.first_content if route == "chat" else final.first_text) == text
        assert final.choices[0].finish_reason == "stop"


async def test_every_member_of_a_message_is_taken(make_client):
    """Its reasoning and its tool calls are those of the answer."""
    chunks, stream = await streamed(make_client, "chat", [whole(MESSAGE, "tool_calls")])
    message = (await stream.final()).choices[0].message
    assert message.model_dump(exclude_unset=True, exclude_none=True) == {
        name: MESSAGE[name] for name in ("role", "content", "tool_calls", "reasoning")
    }
    assert stream.call.choices_finished == 1
    assert chunks[0].first_reasoning == "Greet."


async def test_members_that_no_delta_has_said_are_taken(make_client):
    """Behind reasoning in pieces, a whole message gives the text, and not the reasoning once more."""
    reasoning = [{"delta": {"reasoning": text}} for text in ("Gre", "et.")]
    _, stream = await streamed(make_client, "chat", [*reasoning, whole(said("Hello", reasoning="Greet."))])
    final = await stream.final()
    assert (final.first_reasoning, final.first_content) == ("Greet.", "Hello")


@pytest.mark.parametrize("fold", [True, False])
@pytest.mark.parametrize("bad", [whole("Hello"), whole({"content": 7}), {"text": ["Hello"], "finish_reason": "stop"}])
@pytest.mark.parametrize("route", ["chat", "completion"])
async def test_what_is_no_message_breaks_the_stream(make_client, route, bad, fold):
    """A message or a text of a wrong type is told with its place; the chunks of the same read before it are given."""
    with pytest.raises(ImagineStreamException, match=NO_CHUNK) as caught:
        await streamed(make_client, route, [piece(role="assistant"), bad, piece("more", "stop")], fold=fold)
    assert caught.value.call.events == 1


@pytest.mark.parametrize("route", ["chat", "completion"])
async def test_each_of_several_alternatives_has_its_message(make_client, route):
    """Alternatives that come in one event are told apart, the text of one from the message of the other."""
    choices = [whole(said("One")), {"text": "Two", "finish_reason": "length"}]
    event = {"choices": [{"index": number, **choice} for number, choice in enumerate(choices)]}
    _, stream = await streamed_events(make_client, route, [event])
    final = (await stream.final()).choices
    texts = [one.message.content if route == "chat" else one.text for one in final]
    assert [*zip(texts, [one.finish_reason for one in final], strict=True)] == [("One", "stop"), ("Two", "length")]
