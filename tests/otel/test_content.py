"""What was said: on spans only where that is asked for, and never with a secret."""

from __future__ import annotations

import json

import pytest
from support.clients import HELLO

import imagine.otel
from imagine import ImagineStreamException

pytestmark = pytest.mark.anyio

VARIABLE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
SAID = {"gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions"}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture
def captured(traced):
    """Trace with what is said."""
    imagine.otel.instrument(traced.tracers, traced.meters, capture_content=True)
    return traced


def said(span):
    """What a span tells of it."""
    return {name.removeprefix("gen_ai."): json.loads(span.attributes[name]) for name in SAID & set(span.attributes)}


async def test_nothing_that_was_said_is_traced_unasked(client, traced):
    """By default a span has names and numbers alone."""
    answer = await client.chat(HELLO, tools=[TOOL])
    shown = traced.spans[0].to_json()
    assert not [text for text in (HELLO[0]["content"], answer.first_content, "weather") if text and text in shown]


@pytest.mark.parametrize(
    ("value", "captures"),
    [
        ("SPAN_ONLY", True),
        ("span_and_event", True),
        ("true", True),
        ("EVENT_ONLY", False),
        ("NO_CONTENT", False),
        ("", False),
    ],
)
async def test_the_environment_may_ask_for_it(client, traced, monkeypatch, value, captures):
    """The variable of the conventions says whether spans get what was said; an argument comes first."""
    monkeypatch.setenv(VARIABLE, value)
    for given, expected in ((None, captures), (not captures, not captures)):
        imagine.otel.instrument(traced.tracers, traced.meters, capture_content=given)
        await client.chat(HELLO)
        assert bool(said(traced.spans[-1])) is expected


def test_a_value_that_nobody_knows_captures_nothing(monkeypatch):
    """It is told in a warning."""
    monkeypatch.setenv(VARIABLE, "yes")
    with pytest.warns(UserWarning, match=f"{VARIABLE}='yes' is none of no_content, event_only, false, span_only"):
        imagine.otel.instrument()
    imagine.otel.uninstrument()


async def test_messages_have_the_form_of_the_conventions(client, captured):
    """Texts, images, reasoning, tool calls and their results are parts; a system message stays among the others."""
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Ulm"}'}}
    broken = {"id": "2", "type": "function", "function": {"name": "weather", "arguments": "{"}}
    picture = {"type": "image_url", "image_url": {"url": "https://example.invalid/sun.png"}}
    await client.chat(
        [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": [{"type": "text", "text": "And here?"}, picture]},
            {"role": "assistant", "content": None, "reasoning_content": "Hm.", "tool_calls": [call, broken]},
            {"role": "tool", "tool_call_id": "1", "content": "rain"},
        ],
        tools=[TOOL],
    )
    told = said(captured.spans[0])
    arguments = {"type": "tool_call", "id": "1", "name": "weather", "arguments": {"city": "Ulm"}}
    assert told["input.messages"] == [
        {"role": "system", "parts": [{"type": "text", "content": "Be short."}]},
        {
            "role": "user",
            "parts": [
                {"type": "text", "content": "And here?"},
                {"type": "uri", "modality": "image", "uri": "https://example.invalid/sun.png"},
            ],
        },
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Hm."},
                arguments,
                {**arguments, "id": "2", "arguments": "{"},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "rain"}]},
    ]
    assert told["tool.definitions"] == [TOOL]


@pytest.mark.parametrize("streamed", [False, True])
async def test_an_answer_is_told_as_it_came(client, captured, streamed):
    """That of a stream is whole; a tool call is an object."""
    ask = client.chat_stream if streamed else client.chat
    for options in ({"max_tokens": 3}, {"tools": [TOOL], "tool_choice": "required"}):
        answer = await (ask(HELLO, **options).final() if streamed else ask(HELLO, **options))
    text, called = (said(span)["output.messages"][0] for span in captured.spans)
    assert (text["role"], text["finish_reason"], text["parts"][0]["type"]) == ("assistant", "length", "text")
    made = answer.choices[0].message.tool_calls[0]
    part = {"type": "tool_call", "id": made.id, "name": "weather", "arguments": json.loads(made.function.arguments)}
    assert (called["parts"][-1], called["finish_reason"]) == (part, "tool_calls")


async def test_a_completion_is_told_as_messages(client, captured):
    """Its prompt is the user's, its text the assistant's."""
    answer = await client.completion("Once upon", max_tokens=3)
    assert said(captured.spans[0]) == {
        "input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Once upon"}]}],
        "output.messages": [
            {
                "role": "assistant",
                "parts": [{"type": "text", "content": answer.first_text}],
                "finish_reason": "length",
            }
        ],
    }


async def test_of_a_broken_stream_what_had_come_is_told(client, server, captured):
    """Its finish reason is "error"."""
    server.faults.script(["cut-stream;after=3"])
    with pytest.raises(ImagineStreamException) as caught:
        await client.chat_stream(HELLO).final()
    (message,) = said(captured.spans[0])["output.messages"]
    assert message["finish_reason"] == "error"
    assert message["parts"] == [{"type": "text", "content": caught.value.partial.first_content}]


async def test_pictures_and_vectors_are_not_told(client, captured):
    """Of an image its prompt is, of texts to embed nothing."""
    await client.images_generate("the sun", size="16x16")
    await client.embeddings("the sun")
    image, vectors = map(said, captured.spans)
    assert list(image) == ["input.messages"]
    assert vectors == {}


async def test_a_secret_that_was_said_is_masked(client, server, captured):
    """The key is on no span, wherever it stood."""
    await client.chat([{"role": "user", "content": f"My key is {server.api_key}."}])
    shown = captured.spans[0].to_json()
    assert "My key is ***." in shown
    assert server.api_key not in shown
