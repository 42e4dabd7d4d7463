"""Beside its fields, a whole answer knows the call that it came from, and its JSON as it came."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clients import HELLO

from imagine.server.faults import Raw
from imagine.types.answer import KEPT_BYTES, remember
from imagine.types.calls import CallInfo
from imagine.types.chat_completions import CHAT_RESPONSE

pytestmark = pytest.mark.anyio

CHAT = {"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}}]}
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def replying(body):
    """An answer of this JSON."""
    content = json.dumps(body).encode()
    return Raw([HEAD % len(content), content])


CALLS = [
    ("chat", (HELLO,), "chat/completions"),
    ("completion", ("Once",), "completions"),
    ("embeddings", ("a",), "embeddings"),
    ("reranker", ("q", ["a"]), "reranker"),
    ("translate", ("Hello", "Helsinki-NLP/opus-mt-en-es"), "translate"),
    ("images_generate", ("sun",), "images/generations"),
    ("ping", (), "ping"),
    ("health_check", (), "health"),
    ("usage", (), "usage"),
]


@pytest.mark.parametrize(("method", "arguments", "path"), CALLS)
async def test_an_answer_knows_its_call_and_its_json(client, server, method, arguments, path):
    """`call` is the record that `on_call` gets, `raw` the whole body, with what the class does not know."""
    answer = await getattr(client, method)(*arguments)
    assert answer.call.path.startswith(path)
    assert (answer.call.status, answer.call.outcome, len(answer.call.attempts)) == (200, "complete", 1)
    assert isinstance(answer.raw, dict)
    assert answer.raw is answer.raw


async def test_what_the_class_does_not_know_is_in_raw(client, server):
    """Unknown members at any depth are there, nulls too."""
    body = {**CHAT, "extra": {"a": [1, None]}, "choices": [{**CHAT["choices"][0], "grounding": {"b": None}}]}
    server.faults.script([replying(body)])
    assert (await client.chat(HELLO)).raw == body


@pytest.fixture
def eager_threads():
    """Threads that take turns at every step, as on a machine where they run at once."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_raw_is_there_for_every_thread():
    """Who asks while another thread parses it is not told that there is none."""
    content = json.dumps({**CHAT, "extra": ["x"] * 100}).encode()
    with ThreadPoolExecutor(8) as threads:
        for _ in range(300):
            answer = CHAT_RESPONSE.decode(content)
            remember(answer, lambda _: CallInfo(method="POST", path="chat/completions"), content)
            assert all(threads.map(lambda _, answer=answer: answer.raw, range(8)))


async def test_raw_of_a_large_answer_is_none(client, server):
    """More than 256 KiB are not kept; the call is."""
    server.faults.script([replying({**CHAT, "extra": "x" * KEPT_BYTES})])
    answer = await client.chat(HELLO)
    assert (answer.raw, answer.call.status) == (None, 200)


async def test_both_are_no_fields(client):
    """A dump, the repr, a comparison and a copy know nothing of them; a copy has None."""
    answer = await client.chat(HELLO, max_tokens=2)
    assert not {"call", "raw"} & {*answer.model_dump(), *dict(answer)}
    assert "raw" not in repr(answer)
    copies = [
        copy.copy(answer), copy.deepcopy(answer), pickle.loads(pickle.dumps(answer)), answer.model_copy(),
        type(answer).model_validate(answer.model_dump()), type(answer).model_validate_json(answer.model_dump_json()),
    ]  # fmt: skip
    assert all(made == answer and (made.call, made.raw) == (None, None) for made in copies)


async def test_the_final_answer_of_a_stream_knows_its_call(client):
    """`final().call` is `stream.call`; its `raw` is None, since it never came as one."""
    stream = client.chat_stream(HELLO, max_tokens=3)
    answer = await stream.final()
    assert answer.call == stream.call
    assert (answer.call.outcome, answer.raw) == ("complete", None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@given(extra=st.dictionaries(st.text(max_size=9).map("x-".__add__), JSON, max_size=4))
def test_raw_is_what_was_sent(extra):
    """Whatever JSON a service adds, `raw` says just that."""
    content = json.dumps({**CHAT, **extra}).encode()
    answer = CHAT_RESPONSE.decode(content)
    remember(answer, lambda _: CallInfo(method="POST", path="chat/completions"), content)
    assert answer.raw == {**CHAT, **extra}
