"""Fields that only some services send: kept in answers and chunks, and folded."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import HELLO

from imagine import ChatCompletionResponse, CompletionResponse
from imagine._answers.growing import Growing
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

DETAILS = {"prompt_tokens_details": {"cached_tokens": 2}, "completion_tokens_details": {"reasoning_tokens": 1}}
USAGE = {"prompt_tokens": 3, "total_tokens": 5, "completion_tokens": 2, **DETAILS}
BESIDE = {"usage": USAGE, "system_fingerprint": "fp_1", "service_tier": "default"}
MESSAGE = {
    "role": "assistant",
    "content": "Hi there",
    "reasoning": "They greet.",
    "refusal": "No.",
    "annotations": [{"type": "url_citation", "n": 1}, {"type": "url_citation", "n": 2}],
    "audio": {"id": "audio_1", "data": "AAAABBBB", "transcript": "Hi there", "expires_at": 7},
}
LOGPROBS = {"content": [{"token": "Hi", "logprob": -0.5}, {"token": " there", "logprob": -0.25}], "refusal": None}
CHOICE = {"index": 0, "finish_reason": "stop", "logprobs": LOGPROBS, "stop_reason": 128009}
ANSWER = {"id": "c", "object": "o", "created": 1, "model": "m", "choices": [{**CHOICE, "message": MESSAGE}], **BESIDE}


def choice(delta, **more):
    return {"choices": [{"index": 0, "delta": delta, **more}]}


def said(reasoning, note):
    return {"reasoning": reasoning, "refusal": reasoning[:1], "annotations": [note]}


def spoken(data, transcript):
    return {"audio": {"id": "audio_1", "data": data, "transcript": transcript}}


PIECES = [
    {**choice({"role": "assistant", "content": ""}), "system_fingerprint": "fp_1", "service_tier": "default"},
    choice(said("No", MESSAGE["annotations"][0])),
    choice({"reasoning": "w.", "refusal": "o.", "annotations": [MESSAGE["annotations"][1]]}),
    choice({"content": "Hi"}, logprobs={"content": LOGPROBS["content"][:1]}),
    choice({"content": " there"}, logprobs={"content": LOGPROBS["content"][1:], "refusal": None}),
    choice(spoken("AAAA", "Hi")),
    choice({"audio": {**spoken("BBBB", " there")["audio"], "expires_at": 7}}),
    choice({}, finish_reason="stop", stop_reason=128009),
    {"choices": [], "usage": USAGE},
]


def replying(body):
    """An answer of this JSON."""
    content = json.dumps(body).encode()
    return Raw(
        [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content), content]
    )


def streaming(events):
    """A stream of these events."""
    lines = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return Raw([head, *lines, b"data: [DONE]\n\n"], then="close")


async def test_an_answer_has_them(client, server):
    """Nothing of them is lost on the way into the classes, nor in a dump."""
    server.faults.script([replying(ANSWER)])
    answer = await client.chat(HELLO)
    assert isinstance(answer, ChatCompletionResponse)
    dumped = answer.model_dump()
    assert {name: dumped[name] for name in BESIDE} == BESIDE
    [only] = dumped["choices"]
    assert (only["logprobs"], only["stop_reason"]) == (LOGPROBS, 128009)
    assert {name: only["message"][name] for name in MESSAGE} == MESSAGE
    assert answer.first_reasoning == "They greet."


async def test_a_chat_stream_folds_them(client, server):
    """Texts, lists and the members of objects grow; ids, which come with each piece, do not."""
    server.faults.script([streaming(PIECES)])
    stream = client.chat_stream(HELLO)
    chunks = [chunk async for chunk in stream]
    assert [chunk.first_reasoning for chunk in chunks][1:3] == ["No", "w."]
    answer = (await stream.final()).model_dump()
    assert {name: answer[name] for name in BESIDE} == BESIDE
    [only] = answer["choices"]
    assert (only["logprobs"], only["stop_reason"]) == ({"content": LOGPROBS["content"]}, 128009)
    folded = {**MESSAGE, "reasoning": "Now.", "refusal": "No."}
    assert {name: only["message"][name] for name in MESSAGE} == folded


async def test_a_completion_stream_folds_its_probabilities(client, server):
    """The lists of the older shape grow side by side."""
    pieces = [
        choice({"content": text}, logprobs={"tokens": [text], "token_logprobs": [-number]}, stop_reason=stop)
        for number, text, stop in [(1, "a", None), (2, "b", "\n")]
    ]
    pieces[-1]["choices"][0]["finish_reason"] = "stop"
    server.faults.script([streaming(pieces)])
    answer = await client.completion_stream("Once").final()
    assert isinstance(answer, CompletionResponse)
    [only] = answer.choices
    assert (only.text, only.logprobs, only.stop_reason) == (
        "ab",
        {"tokens": ["a", "b"], "token_logprobs": [-1, -2]},
        "\n",
    )


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content"])
async def test_reasoning_has_one_shortcut_for_either_name(client, server, name):
    """`first_reasoning` is there while it streams, and in the whole answer."""
    server.faults.script([streaming([choice({name: "Hm"}), choice({name: "."}), choice({}, finish_reason="stop")])])
    stream = client.chat_stream(HELLO)
    assert [chunk.first_reasoning async for chunk in stream] == ["Hm", ".", None]
    assert (await stream.final()).first_reasoning == "Hm."


LEAVES = st.none() | st.integers(-9, 9) | st.text(max_size=3)
PARTS = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner))


@given(st.lists(PARTS, max_size=6))
def test_pieces_of_any_form_are_taken(pieces):
    """What changes its kind on the way gives way to what came last; nothing fails, and a value of one piece is it."""
    growing = Growing()
    for piece in pieces:
        growing.add("x", piece)
    grown = growing.values()
    if not pieces:
        assert grown == {}
    if len(pieces) == 1:
        assert grown == ({} if pieces[0] is None else {"x": without_nulls(pieces[0])})


def without_nulls(value):
    """A null member is none; those in lists stay."""
    if not isinstance(value, dict):
        return value
    return {name: without_nulls(item) for name, item in value.items() if item is not None}
