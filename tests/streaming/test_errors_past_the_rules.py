"""Errors that services put into a stream past its rules, and answers that are cut between their choices."""

from __future__ import annotations

import json

import pytest
from support.clients import HELLO
from support.listeners import listening

from imagine import ImagineStreamErrorException, ImagineStreamException

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(text, reason=None):
    """A chunk with a piece of the first choice."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return b"data: " + json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode() + b"\n\n"


async def final(make_client, body, **options):
    """Stream a chat that is answered with these bytes."""
    async with listening(HEAD + body) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        return await client.chat_stream(HELLO, **options).final()


@pytest.mark.parametrize("before", [b"", event("Hello")], ids=["at once", "later"])
@pytest.mark.parametrize(
    "written",
    [
        b'error: {"code": 500, "message": "the model fell over"}\n\n',
        b'{"error": {"message": "the model fell over"}}\n\n',
        b'{ "error" : "the model fell over" }',
        b'{"error": {"message": "the model fell over"}}\ndata: [DONE]\n\n',
    ],
    ids=["field", "bare", "no line end", "before the end mark"],
)
async def test_an_error_past_the_rules_is_told(make_client, before, written):
    """An error in a field of that name, as some services write it, or as bare JSON is raised with its words."""
    with pytest.raises(ImagineStreamErrorException, match=r"the model fell over$") as caught:
        await final(make_client, before + written)
    assert caught.value.partial.first_content == ("Hello" if before else None)


async def test_an_error_without_words_is_told(make_client):
    """An error event that has no data says at least that it was one."""
    with pytest.raises(ImagineStreamErrorException, match="does not say which"):
        await final(make_client, event("Hello") + b"event: error\n\n")


@pytest.mark.parametrize("n", [2, 2.0, "2"], ids=repr)
async def test_choices_that_were_asked_for_are_missed(make_client, n):
    """However `n` was written in `extra_body`, a body that ends before so many choices have finished is cut."""
    with pytest.raises(ImagineStreamException, match="it was cut"):
        await final(make_client, event("Hello", "stop"), extra_body={"n": n})


@pytest.mark.parametrize("n", [None, 0, 1, True, "two", [2]], ids=repr)
async def test_other_numbers_ask_for_one_choice(make_client, n):
    """What is no number over 1 asks for one choice, whatever the service makes of it."""
    assert (await final(make_client, event("Hello", "stop"), extra_body={"n": n})).first_content == "Hello"
