"""Odd answers over the wire: what was asked for arrives, or an error tells why not."""

from __future__ import annotations

import base64
import copy
import json
import struct
from contextlib import suppress
from functools import reduce
from itertools import permutations
from operator import getitem

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.clients import HELLO
from support.scripted import events, json_answer

from imagine import ImagineDecodeException, ImagineStreamException

pytestmark = pytest.mark.anyio

quietly = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
"""One server and client for all examples: what they keep of one does not change the next."""

BESIDE = {"id", "object", "created", "model", "usage", "role", "type", "prompt_tokens", "total_tokens"}
"""Members of answers that nobody asked for."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
CHANGES = st.lists(st.tuples(st.integers(0, 1000), VALUES), min_size=1, max_size=5)
"""Which of the places, and what to put there."""
ROUTES = {
    "chat": ("chat/completions", {"messages": HELLO, "model": "Llama-3.1-8B", "max_tokens": 5}, {"messages": HELLO}),
    "completion": ("completions", {"prompt": "Once", "model": "Llama-3.1-8B", "max_tokens": 5}, {"prompt": "Once"}),
    "embeddings": ("embeddings", {"input": ["a", "b"], "model": "BAAI/bge-large-en-v1.5"}, {"text": ["a", "b"]}),
    "reranker": (
        "reranker",
        {"query": "a", "documents": ["a", "b"], "model": "BAAI/bge-reranker-base", "top_n": 2},
        {"query": "a", "documents": ["a", "b"]},
    ),
}


def places(value, path=()):
    """The path of every member and item inside of a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in items:
        yield (*path, name)
        yield from places(item, (*path, name))


def at(value, path):
    """What is at a path."""
    return reduce(getitem, path, value)


def changed(value, path, item):
    """A copy with another item at a path."""
    copied = copy.deepcopy(value)
    at(copied, path[:-1])[path[-1]] = item
    return copied


def spoilt(value, changes):
    """A copy with other values beside what was asked for."""
    for place, item in changes:
        beside = [path for path in places(value) if path[-1] in BESIDE]
        value = changed(value, beside[place % len(beside)], item)
    return value


def essence(value):
    """What was asked for in an answer."""
    names = {"choices", "message", "content", "text", "data", "embedding", "index", "relevance_score"}
    if isinstance(value, dict):
        return {name: essence(item) for name, item in value.items() if name in names}
    return [essence(item) for item in value] if isinstance(value, list) else value


def numbers(value):
    """What a value is where numbers belong, which may be in quotes."""
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, int | str) and value != "" else value


async def body_of(client, route):
    path, body, _ = ROUTES[route]
    return (await client.request("POST", path, json=body)).json()


@quietly
@given(changes=CHANGES)
@pytest.mark.parametrize("route", ROUTES)
async def test_an_odd_value_beside_what_was_asked_for_costs_nothing(client, server, route, changes):
    """Whatever stands in the place of ids, times, names and counts, content, vectors and scores are the same."""
    body = await body_of(client, route)
    server.faults.script([json_answer(spoilt(body, changes))])
    answer = await getattr(client, route)(**ROUTES[route][2])
    assert essence(answer.model_dump()) == essence(body)


@quietly
@given(place=st.integers(0, 1000), value=VALUES)
@pytest.mark.parametrize("route", ROUTES)
async def test_an_odd_value_anywhere_is_told_or_costs_nothing(client, server, route, place, value):
    """Whatever is replaced, the answer has what the body says, or an error of ours is raised."""
    body = await body_of(client, route)
    everywhere = list(places(body))
    path = everywhere[place % len(everywhere)]
    server.faults.script([json_answer(changed(body, path, value))])
    with suppress(ImagineDecodeException):
        answer = await getattr(client, route)(**ROUTES[route][2])
        if path[-1] in ("content", "text"):
            assert at(answer.model_dump(), path) in (value, value or "")  # null is no text
        if path[-1] == "relevance_score" or "embedding" in path:
            assert repr(at(answer.model_dump(), path)) == repr(numbers(value))


@quietly
@given(changes=CHANGES)
async def test_an_odd_value_in_any_event_costs_nothing(client, server, changes):
    """In a stream, whatever stands beside the text, in whichever events, all the text arrives."""
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "usage": None}
    payloads = [
        {**chunk, "choices": [{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}]}
        for text in "Yes."
    ]
    payloads[-1]["choices"][0]["finish_reason"] = "stop"
    server.faults.script([events(*spoilt(payloads, changes), b"[DONE]")])
    answer = await client.chat_stream(HELLO).final()
    assert (answer.first_content, answer.choices[0].finish_reason) == ("Yes.", "stop")


async def test_text_of_a_wrong_type_breaks_the_stream(client, server):
    """Content that is no text is told with its place, and what came before is in `partial`."""
    texts = ["Yes", {"text": "."}]
    server.faults.script([events(*({"id": 7, "choices": [{"delta": {"content": text}}]} for text in texts), b"[DONE]")])
    with pytest.raises(ImagineStreamException, match=r"choices\[0\]\.delta\.content") as caught:
        await client.chat_stream(HELLO).final()
    assert caught.value.partial.first_content == "Yes"


async def test_arguments_that_are_an_object_fold_as_text(client, server):
    """A call whose arguments come as an object in one event is whole."""
    call = {"index": 0, "id": 5, "type": "function", "function": {"name": "f", "arguments": {"city": None}}}
    last = {"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    server.faults.script([events(last, b"[DONE]")])
    [folded] = (await client.chat_stream(HELLO).final()).choices[0].message.tool_calls
    assert (folded.id, json.loads(folded.function.arguments)) == ("5", {"city": None})


@pytest.mark.parametrize(("method", "piece"), [("chat_stream", {"delta": {}}), ("completion_stream", {"text": ""})])
@pytest.mark.parametrize("fold", [True, False])
async def test_the_usage_of_the_last_choice_is_that_of_its_stream(client, server, method, piece, fold):
    """Tokens counted in the choice that finishes are the chunk's, the call's and the answer's."""
    last = {"choices": [{**piece, "finish_reason": "stop", "usage": {"total_tokens": 3}}]}
    server.faults.script([events({"choices": [piece]}, last, b"[DONE]")])
    stream = getattr(client, method)(HELLO if method == "chat_stream" else "Once", fold=fold)
    assert [chunk.usage and chunk.usage.total_tokens async for chunk in stream] == [None, 3]
    assert stream.call.usage.total_tokens == 3
    assert not fold or (await stream.final()).usage.total_tokens == 3


async def test_of_several_alternatives_none_has_the_usage_of_all(client, server):
    """Where more than one was asked for, the tokens of a choice are its own."""
    last = [{"choices": [{"index": n, "finish_reason": "stop", "usage": {"total_tokens": 3}}]} for n in (0, 1)]
    server.faults.script([events(*last, b"[DONE]")])
    assert (await client.chat_stream(HELLO, extra_body={"n": 2}).final()).usage is None


@pytest.mark.parametrize("order", [*permutations(range(3))])
async def test_vectors_follow_the_texts(client, server, order):
    """In whatever order vectors come, and in Base64, they are those of the texts."""
    data = [{"index": n, "embedding": base64.b64encode(struct.pack("<f", n)).decode()} for n in order]
    server.faults.script([json_answer({"data": data})])
    answer = await client.embeddings(["a", "b", "c"], extra_body={"encoding_format": "base64"})
    assert [one.embedding for one in answer.data] == [[0.0], [1.0], [2.0]]


@pytest.mark.parametrize(
    ("texts", "vectors", "says"),
    [
        ("a", [], "0 vectors for 1 texts"),
        (["a", "b"], [[1.0]], "1 vectors for 2 texts"),
        (["a"], [[1.0], [2.0]], "2 vectors for 1 texts"),
        (["a", "b"], [[1.0], []], "text 1, counted from 0, is empty"),
        (["a", "b"], [[1.0], None], r"`embedding` - at `\$.data\[1\]`"),
    ],
)
async def test_each_text_has_a_vector_or_there_is_an_error(client, server, texts, vectors, says):
    """Another number of vectors than texts, and one that is empty or null, are refused."""
    server.faults.script([json_answer({"data": [{"embedding": vector} for vector in vectors]})])
    with pytest.raises(ImagineDecodeException, match=f"200 from POST embeddings.*{says}"):
        await client.embeddings(texts)


async def test_vectors_of_an_input_of_ones_own_are_not_counted(client, server):
    """An `input` in `extra_body` may be tokens, of which one vector is made."""
    server.faults.script([json_answer({"data": [{"embedding": [1.0]}]})])
    answer = await client.embeddings(["a", "b"], extra_body={"input": [1, 2, 3]})
    assert answer.first_embedding == [1.0]


async def test_a_reranking_under_other_names_is_one(client, server):
    """`results` with `score` and a document with a `text` is an answer; one without a score is none."""
    result = {"index": 1, "score": 0.75, "document": {"text": "b"}}
    server.faults.script([json_answer({"results": [result]}), json_answer({"results": [{"index": 1}]})])
    [found] = (await client.reranker("a", ["a", "b"])).data
    assert (found.index, found.relevance_score, found.document) == (1, 0.75, "b")
    with pytest.raises(ImagineDecodeException, match=r"`relevance_score` - at `\$.data\[0\]`"):
        await client.reranker("a", ["a", "b"])


@pytest.mark.parametrize("models", [["a", "b"], [{"id": "a"}, {"id": "b"}]])
async def test_models_come_in_any_list(client, server, models):
    """A bare list, `data` or `models`, of names or of objects; lists by type come before those."""
    answers = [models, {"data": models}, {"models": models}, {"llm": ["a", "b"], "data": [{"id": "c"}], "models": []}]
    server.faults.script([json_answer(answer) for answer in answers])
    assert [await client.get_available_models() for _ in answers] == [["a", "b"]] * 4


@pytest.mark.parametrize("choice", [{"text": "Hi"}, {"delta": {"content": "Hi"}}, {"message": None, "text": "Hi"}])
async def test_a_chat_that_is_answered_in_another_place_keeps_its_text(client, server, choice):
    """A text, or a delta, in place of the message is the message."""
    server.faults.script([json_answer({"choices": [choice]})])
    assert (await client.chat(HELLO)).first_content == "Hi"


@pytest.mark.parametrize("choice", [{"message": {"content": "Hi"}}, {"delta": {"content": "Hi"}, "text": None}])
async def test_a_completion_that_is_answered_in_another_place_keeps_its_text(client, server, choice):
    """A message, or a delta, in place of the text is the text."""
    server.faults.script([json_answer({"choices": [choice]})])
    assert (await client.completion("Once")).first_text == "Hi"
