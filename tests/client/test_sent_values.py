"""What is sent of values that are not plain: subclasses, arrays, enums, Decimals, and what JSON has no form for."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import deque
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from unittest.mock import MagicMock
from uuid import UUID

import msgspec
import numpy as np
import pytest
from support.clients import HELLO
from support.listeners import answer, listening

from imagine import ChatMessage, ChatMessageToolCall, DeltaMessage, ImagineAPIException, ImagineStreamException

pytestmark = pytest.mark.anyio

TRANSCRIPT = b'{"id": "t1", "text": "", "generation_time": 0.1}'


class Text(str):
    """A str as template engines mark it; its own ways do not reach the wire."""

    def __str__(self):
        return "marked"


class Whole(int):
    pass


class Real(float):
    pass


class Colour(Enum):
    RED = "red"


class Shade(StrEnum):
    DARK = "dark"


class Models(Enum):
    EMBEDDING = "BAAI/bge-large-en-v1.5"
    RERANKER = "BAAI/bge-reranker-base"


@dataclasses.dataclass
class Point:
    x: object


class Struct(msgspec.Struct):
    x: object


class TwoTexts:
    """Like a column of a table: a sequence by its manner alone."""

    dtype = np.dtype(object)
    ndim = 1

    def __iter__(self):
        return iter(self.tolist())

    def tolist(self):
        return [Text("a"), "b"]


CYCLE = {}
CYCLE["a"] = CYCLE


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (Text("hi"), '"hi"'),
        (np.str_("hi"), '"hi"'),
        (Shade.DARK, '"dark"'),
        (Colour.RED, '"red"'),
        (Whole(5), "5"),
        (2**70, "1180591620717411303424"),
        (np.int64(5), "5"),
        (np.uint8(5), "5"),
        (Real(1.5), "1.5"),
        (np.float64(1.5), "1.5"),
        (np.float32(0.1), "0.10000000149011612"),
        (np.bool_(True), "true"),
        (Decimal("0.12345678901234567890"), "0.12345678901234567890"),
        ({"a": Decimal("1.10"), "lone": "\ud83d"}, r'{"a": 1.10, "lone": "\ud83d"}'),
        (datetime(2026, 11, 1), '"2026-11-01T00:00:00"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (np.array([[1, 2], [3, 4]]), "[[1,2],[3,4]]"),
        (np.array(5), "5"),
        (TwoTexts(), '["a","b"]'),
        (deque(["a"]), '["a"]'),
        ({"a": 1}.keys(), '["a"]'),
        (range(2), "[0,1]"),
        (MappingProxyType({"a": Text("b")}), '{"a":"b"}'),
        ({Colour.RED: 1, Shade.DARK: 2, Text("t"): 3}, '{"red":1,"dark":2,"t":3}'),
        ({5: 1, np.int64(6): 2, 1.5: 3, Decimal("2.50"): 4}, '{"5":1,"6":2,"1.5":3,"2.50":4}'),
        ({date(2026, 11, 1): 1}, '{"2026-11-01":1}'),
        (Point(np.int64(1)), '{"x":1}'),
        (Struct([Decimal("1.0"), Colour.RED]), '{"x":[1.0,"red"]}'),
        (ChatMessage(role="user", name=Text("ann")), '{"role":"user","content":null,"name":"ann"}'),
    ],
)
async def test_a_value_is_sent_as_what_it_stands_for(client, server, given, sent):
    """Subclasses, enums, arrays and Decimals arrive as the JSON that a reader of the code expects."""
    with suppress(ImagineAPIException):  # the local server takes no text that is not UTF-8
        await client.chat(HELLO, max_tokens=1, extra_body={"x": given})
    assert server.requests[0].body.replace(b" ", b"").endswith(f'"x":{sent}}}'.replace(" ", "").encode())


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (b"hi", TypeError, "extra_body.x holds bytes: JSON has no form for it; decode it"),
        (np.bytes_(b"hi"), TypeError, "extra_body.x holds bytes_"),
        ([bytearray(b"hi")], TypeError, r"extra_body.x\[0\] holds bytearray"),
        (math.nan, ValueError, "extra_body.x is NaN: JSON has no form for it"),
        ({"5": -math.inf}, ValueError, r"extra_body.x\['5'\] is infinite"),
        (np.array([1.0, np.nan]), ValueError, r"extra_body.x\[1\] is NaN"),
        (Decimal("sNaN"), ValueError, "extra_body.x is NaN"),
        ({"a"}, TypeError, "extra_body.x holds set: .* has no order; give a list"),
        (object(), TypeError, "extra_body.x holds object"),
        (MagicMock(), TypeError, "extra_body.x holds MagicMock"),
        (Point, TypeError, "extra_body.x holds the class Point: .* JSON Schema"),
        (np.float64, TypeError, "extra_body.x holds the class float64"),
        (Point(b"hi"), TypeError, "extra_body.x.x holds bytes"),
        (Struct({object()}), TypeError, "extra_body.x holds object"),
        (1j, TypeError, "extra_body.x holds complex"),
        ((item for item in "ab"), TypeError, "extra_body.x holds generator"),
        (np.datetime64("2026-11-01T00:00:00", "ns"), TypeError, "extra_body.x holds datetime64"),
        (np.longdouble(1), TypeError, "extra_body.x holds longdouble"),
        ({b"a": 1}, TypeError, "a key of extra_body.x holds bytes"),
        ({math.nan: 1}, ValueError, "a key of extra_body.x is NaN"),
        ({True: 1}, TypeError, "extra_body.x has the key True: in JSON, keys are texts"),
        ({1: "a", "1": "b"}, ValueError, "extra_body.x has two keys that are '1' in JSON"),
        (CYCLE, ValueError, "extra_body holds itself"),
    ],
)
async def test_what_json_has_no_form_for_is_refused(client, server, given, error, says):
    """The message says where it is and what; nothing is sent."""
    with pytest.raises(error, match=says):
        await client.chat(HELLO, extra_body={"x": given})
    assert server.requests == []


@pytest.mark.parametrize(
    ("method", "arguments", "options", "says"),
    [
        ("chat", ([{"role": "user", "content": b"hi"}],), {}, r"messages\[0\].content holds bytes"),
        ("chat", (HELLO,), {"tools": [{"function": {"parameters": {"a"}}}]}, r"tools\[0\].function.parameters holds"),
        ("chat", (HELLO,), {"response_format": Point}, "response_format holds the class Point"),
        ("chat", (HELLO,), {"tool_choice": object()}, "tool_choice holds object"),
        ("chat", (HELLO,), {"temperature": math.nan}, "temperature is NaN"),
        ("chat", (HELLO,), {"stop": b"END"}, "stop holds bytes"),
        ("chat", (HELLO,), {"max_tokens": 5.5}, "max_tokens"),
        ("chat_stream", (HELLO,), {"top_p": math.inf}, "top_p is infinite"),
        ("chat", (HELLO, b"model"), {}, "model must be a str, not bytes"),
        ("completion", (b"hi",), {}, "prompt must be a str, not bytes"),
        ("embeddings", (["a", b"hi"],), {}, r"text\[1\] must be a str, not bytes"),
        ("embeddings", ({"a", "b"},), {}, "text is a set, which has no order"),
        ("embeddings", (np.array([["a"], ["b"]]),), {}, "text must be a list"),
        ("embeddings", (np.array("a"),), {}, "text must be a list"),
        ("reranker", ("q", frozenset("ab")), {}, "documents is a set, which has no order"),
        ("reranker", ("q", ["d"]), {"top_n": math.inf}, "top_n is infinite"),
        ("images_generate", ("sun",), {"guidance_scale": math.nan}, "guidance_scale is NaN"),
        ("request", ("POST", "x"), {"json": {"a": [math.nan]}}, r"json.a\[0\] is NaN"),
        ("request", ("GET", "x"), {"params": {"a": object()}}, "params.a holds object"),
        ("request", ("GET", "x"), {"params": {"a": {"b": 1}}}, "a holds dict"),
        ("transcribe", (b"RIFF",), {"extra_body": {"a": [["b"]]}}, "a holds list: it takes a text or number"),
        ("transcribe", (b"RIFF",), {"extra_body": {"a": b"b"}}, "extra_body.a holds bytes"),
    ],
)
async def test_a_refusal_names_the_argument(client, server, method, arguments, options, says):
    """Each argument that could hold it is looked at, and nothing is sent."""
    with pytest.raises((TypeError, ValueError), match=says):
        called = getattr(client, method)(*arguments, **options)
        await (called.final() if method.endswith("_stream") else called)
    assert server.requests == []


NEVER_SENT = {"reasoning_content", "reasoning", "annotations"}


@pytest.mark.parametrize("name", sorted({*ChatMessage.__struct_fields__} - NEVER_SENT))
async def test_no_field_of_a_message_is_sent_unseen(client, server, name):
    """Bytes are refused in every field of a ChatMessage that is sent."""
    message = ChatMessage(role="user", content="hi").model_copy(update={name: [b"hi"]})
    with pytest.raises((TypeError, ValueError), match=r"messages\[0\]"):
        await client.chat([message])
    assert server.requests == []


async def test_arguments_may_be_of_other_types_than_their_plain_ones(client, server):
    """Texts, numbers and enums of numpy and of one's own are taken for every argument, 5.0 for a whole number as 5."""
    numbers = {"max_tokens": 5.0, "seed": np.int32(3), "temperature": Decimal("0.70"), "top_p": np.float64(0.5)}
    await client.chat(HELLO, Text("Llama-3.1-8B"), **numbers, stop=np.array(["A", "B"]))
    await client.reranker(Text("q"), TwoTexts(), Models.RERANKER, top_n=2.0)
    await client.embeddings(np.array(["a", "b"]))
    await client.embeddings({"a": 1, "b": 2}.keys(), Models.EMBEDDING)
    await client.images_generate(Text("sun"), n=np.int64(1), num_inference_steps=1.0, size=Text("16x16"))
    chat, reranked, embedded, named, drawn = (request.json for request in server.requests)
    assert {"max_tokens": 5, "seed": 3, "temperature": 0.7, "top_p": 0.5, "stop": ["A", "B"]}.items() <= chat.items()
    assert (type(chat["max_tokens"]), chat["model"]) == (int, "Llama-3.1-8B")
    assert (reranked["query"], reranked["documents"], reranked["model"]) == ("q", ["a", "b"], Models.RERANKER.value)
    assert type(reranked["top_n"]) is type(drawn["num_inference_steps"]) is int
    assert (embedded["input"], named["input"]) == (["a", "b"], ["a", "b"])
    assert named["model"] == Models.EMBEDDING.value
    assert (drawn["prompt"], drawn["n"], drawn["size"]) == ("sun", 1, "16x16")


async def test_messages_may_be_of_other_types_than_their_plain_ones(client, server):
    """Messages come in any sequence, with texts of any kind; a dataclass is a message, too."""
    plain = {"role": "user", "content": "hi"}
    tool = ChatMessage(role="tool", content="7", tool_call_id="c1")
    mixed = [ChatMessage(role=Text("user"), content=np.str_("hi")), {"role": Text("user"), "content": "hi"}, tool]
    await client.chat(deque(mixed), max_tokens=1)
    await client.chat(np.array(mixed, dtype=object), max_tokens=1)
    sent = [plain, plain, {"role": "tool", "content": "7", "tool_call_id": "c1"}]
    assert [request.json["messages"] for request in server.requests] == [sent, sent]


@pytest.mark.parametrize("kind", [ChatMessage, DeltaMessage])
async def test_reasoning_annotations_and_empty_tool_calls_are_not_sent_back(client, server, kind):
    """A message of an answer can be sent on; a dump keeps them, and a dict is sent as it is."""
    notes = {"reasoning_content": "so", "reasoning": "so", "annotations": [{"type": "url_citation"}]}
    message = kind(role="assistant", content="hi", tool_calls=[], **notes)
    whole = message.model_dump(exclude_none=True)
    await client.chat([message, whole, kind(role="assistant", content="hi", reasoning_content="")], max_tokens=1)
    bare = {"role": "assistant", "content": "hi"}
    assert server.requests[0].json["messages"] == [bare, whole, bare]
    assert whole == {**bare, "tool_calls": [], **notes}


async def test_the_tool_calls_of_an_answer_are_sent_without_its_reasoning(client, server):
    """A message that asks for tools goes back with its calls, whose texts may be of any kind."""
    call = ChatMessageToolCall(id=Text("c1"), type="function")
    await client.chat([ChatMessage(role="assistant", tool_calls=[call], reasoning_content="so")], max_tokens=1)
    [sent] = server.requests[0].json["messages"]
    assert sent == {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function"}]}


async def test_a_number_of_choices_of_any_kind_is_counted(make_client):
    """`n` in `extra_body` may be of numpy: a stream of which one choice is missing is cut all the same."""
    event = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
    reply = answer(event).replace(b"application/json", b"text/event-stream")
    async with listening(reply) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", api_key="k", max_retries=0)
        assert await client.chat_stream(HELLO).final()
        with pytest.raises(ImagineStreamException):
            await client.chat_stream(HELLO, extra_body={"n": np.int64(2)}).final()


async def test_a_form_has_a_field_for_each_item(make_client):
    """Lists are fields of one name, enums their values, None is left out, and all else is as JSON writes it."""
    extra = {"words[]": ["a", Shade.DARK, None], "c": Colour.RED, "b": True, "f": np.float64(0.5), "none": None}
    async with listening(answer(TRANSCRIPT)) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", api_key="k")
        await client.transcribe(b"RIFF", Colour.RED, extra_body={**extra, "d": Decimal("1.10"), "t": date(2026, 11, 1)})
    body = listener.requests[0].body.decode()
    fields = [part.split("\r\n\r\n") for part in body.split("\r\n--") if "filename" not in part and "name=" in part]
    assert [(head.partition('name="')[2].rstrip('"'), value) for head, value in fields] == [
        ("model", "red"), ("words[]", "a"), ("words[]", "dark"), ("c", "red"), ("b", "true"), ("f", "0.5"),
        ("d", "1.10"), ("t", "2026-11-01"),
    ]  # fmt: skip


async def test_a_query_is_written_as_a_form_is(make_client):
    """Enums are their values, lists come item by item, None is left out."""
    params = {"kind": Colour.RED, "id": [np.int64(1), 2], "all": True, "none": None, "q": Text("a b"), "e": ""}
    async with listening() as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", api_key="k")
        await client.request("GET", "ping", params=params)
    assert listener.requests[0].target == "/ping?kind=red&id=1&id=2&all=true&q=a+b&e="


async def test_what_is_plain_is_sent_as_it_was_given(client, server):
    """`json=` of dicts and lists passes unchanged, in its order, with nulls and nested classes."""
    given = {"b": [None, {"a": 1}], "a": (1, 2.5), "m": {"x": ChatMessage(role="user")}}
    with suppress(ImagineAPIException):
        await client.request("POST", "none-such", json=given)
    sent = {"b": [None, {"a": 1}], "a": [1, 2.5], "m": {"x": {"role": "user", "content": None}}}
    assert json.dumps(json.loads(server.requests[0].body)) == json.dumps(sent)
