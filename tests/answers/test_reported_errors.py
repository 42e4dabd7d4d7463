"""Errors that a service reports under a good status: beside an answer, in its place, in a stream."""

from __future__ import annotations

import json

import pytest
from support.clients import HELLO
from support.listeners import answer
from support.scripted import EVENTS, events, json_answer

from imagine import ImagineAPIException, ImagineDecodeException, ImagineStreamErrorException
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

CHOICE = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
DELTA = {"index": 0, "delta": {"content": "Yes."}, "finish_reason": None}
NO_CHOICES = [
    {"error": {"message": "out of memory", "code": 500}, "choices": []},
    {"error": {"message": "out of memory"}},
    [{"error": {"code": 503, "message": "out of memory"}}],
    {"object": "error", "message": "out of memory", "code": 40303},
    {"detail": "out of memory"},
]


@pytest.mark.parametrize("body", [{"choices": [CHOICE], "error": {"message": "out of memory"}}, *NO_CHOICES])
async def test_an_error_under_200_is_the_services(client, server, body):
    """What carries an error, beside choices or in their place, is raised with its words; the body comes along."""
    server.faults.script([json_answer(body)])
    with pytest.raises(ImagineAPIException, match="reported an error: out of memory") as caught:
        await client.chat(HELLO)
    assert (caught.value.http_status, caught.value.body) == (200, body)


@pytest.mark.parametrize("nothing", [None, False, "", {}, []])
async def test_an_error_that_says_nothing_is_none(client, server, nothing):
    """`error` may be there and empty: null, false, "", {} or []."""
    chunk = {"choices": [{**DELTA, "finish_reason": "stop"}], "error": nothing}
    server.faults.script([json_answer({"choices": [CHOICE], "error": nothing}), events(chunk, b"[DONE]")])
    assert (await client.chat(HELLO)).first_content == "Yes."
    assert (await client.chat_stream(HELLO).final()).first_content == "Yes."


async def test_the_word_alone_is_no_error(client, server):
    """A text about errors, or a tool of that name, is an answer."""
    calls = [{"id": "1", "type": "function", "function": {"name": "error", "arguments": '{"error": "x"}'}}]
    message = {"role": "assistant", "content": 'say "error": {"message": 1}', "tool_calls": calls}
    server.faults.script([json_answer({"choices": [{**CHOICE, "message": message}]})])
    assert (await client.chat(HELLO)).first_content == message["content"]


@pytest.mark.parametrize("route", ["ping", "health_check", "usage", "get_available_models", "get_chat_history"])
@pytest.mark.parametrize("body", NO_CHOICES[1:])
async def test_an_error_in_place_of_a_look_is_the_services(client, server, route, body):
    """An error under 200 on a GET route is raised with its words, not taken for an answer with nothing in it."""
    server.faults.script([json_answer(body)])
    with pytest.raises(ImagineAPIException, match="out of memory"):
        await getattr(client, route)()


@pytest.mark.parametrize("route", ["ping", "health_check", "usage", "get_available_models", "get_chat_history"])
async def test_an_object_that_has_nothing_of_the_class_is_no_answer(client, server, route):
    """Where an object has no member that is asked for, that is an error, not an empty answer."""
    server.faults.script([json_answer({"hello": "world"})])
    with pytest.raises(ImagineDecodeException, match="hello"):
        await getattr(client, route)()


async def test_any_request_may_have_an_error_for_an_answer(client, server):
    """`request_as` decodes what it is told to: what an error is, its caller knows."""
    server.faults.script([json_answer({"error": "out of memory"})])
    assert await client.request_as(dict[str, str], "GET", "jobs/1") == {"error": "out of memory"}


@pytest.mark.parametrize(
    "payload", [*NO_CHOICES, {"choices": [{**DELTA, "finish_reason": "error"}], "error": "out of memory"}]
)
@pytest.mark.parametrize("ask", ["chat_stream", "completion_stream"])
async def test_an_error_in_a_stream_is_the_services(client, server, ask, payload):
    """An error in a chunk's place, or beside choices, is raised though [DONE] follows; what came is in `partial`."""
    server.faults.script([events({"choices": [DELTA]}, payload, b"[DONE]")])
    stream = getattr(client, ask)(HELLO if ask == "chat_stream" else "Once")
    with pytest.raises(ImagineStreamErrorException, match="out of memory") as caught:
        await stream.final()
    assert caught.value.partial.choices


@pytest.mark.parametrize("beside", [{"choices": []}, {"choices": [{**DELTA, "finish_reason": "stop"}]}])
@pytest.mark.parametrize("fold", [True, False])
async def test_an_error_in_the_middle_of_a_read_is_the_services(client, server, beside, fold):
    """An error is raised whatever comes behind it in the same read, kept or not."""
    error = {"error": {"message": "out of memory"}, **beside}
    server.faults.script([events(*[{"choices": [DELTA]}] * 8, error, *[{"choices": [DELTA]}] * 8, b"[DONE]")])
    with pytest.raises(ImagineStreamErrorException, match="out of memory"):
        [None async for _ in client.chat_stream(HELLO, fold=fold)]


async def test_an_error_event_behind_the_last_choice_is_the_services(client, server):
    """`event: error` right behind a finish reason, in the same read, is raised."""
    last = json.dumps({"choices": [{**DELTA, "finish_reason": "stop"}]}).encode()
    server.faults.script([Raw([EVENTS + b"data: %s\n\nevent: error\ndata: out of memory\n\n" % last], then="close")])
    with pytest.raises(ImagineStreamErrorException, match="out of memory"):
        await client.chat_stream(HELLO).final()


@pytest.mark.parametrize(
    "body", [b'\xef\xbb\xbf{"status": "ok"}', b'{"status": "ok", "load": NaN}', b'{"status": null}']
)
async def test_a_sloppy_look_is_an_answer(client, server, body):
    """A byte order mark, NaN or null makes no answer of a GET route an error."""
    server.faults.script([Raw([answer(body)])])
    assert (await client.ping()).status in ("ok", "")


async def test_a_long_error_is_told_up_to_a_bound(client, server):
    """An error event of megabytes gives a message and a body of 64 KiB."""
    server.faults.script([events({"error": {"message": "m" * 2_000_000}})])
    with pytest.raises(ImagineStreamErrorException) as caught:
        await client.chat_stream(HELLO).final()
    assert 1000 < len(str(caught.value)) < 70_000
    assert len(str(caught.value.body)) < 70_000
