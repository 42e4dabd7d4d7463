"""A class or a function where JSON is wanted: what is said to use in its place."""

from __future__ import annotations

from functools import partial

import msgspec
import pydantic
import pytest

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]


class Answer(msgspec.Struct):
    """A class of the user's."""

    number: int


class Model(pydantic.BaseModel):
    """Another one."""

    number: int


def add(a, b):
    """Add two numbers."""
    return a + b


@pytest.mark.parametrize(
    ("option", "shown"),
    [
        ({"response_format": Model}, ["response_format holds the class Model", '"schema": Model.model_json_schema()']),
        ({"response_format": Answer}, ["the class Answer", '"schema": msgspec.json.schema(Answer)']),
        ({"tools": [add]}, ["tools[0]: add: its parameter a has no hint of its type", "`a: str`"]),
        ({"tools": [Answer]}, ["tools[0] holds the class Answer", '"name": "Answer"']),
        ({"tool_choice": add}, ["tool_choice holds the function add"]),
        ({"extra_body": {"plan": Answer}}, ["extra_body.plan holds the class Answer", "give an instance of it"]),
        ({"extra_body": {"plan": partial(add, 1)}}, ["extra_body.plan holds the function", "give what it returns"]),
    ],
)
async def test_code_in_a_chat_is_refused_with_what_to_use(client, server, option, shown):
    """The error names the argument and the class or function, and says what to write; nothing is sent."""
    with pytest.raises(TypeError) as caught:
        await client.chat(HELLO, **option)
    assert all(part in str(caught.value) for part in shown)
    assert server.requests == []


async def test_a_class_as_a_body_is_refused(client, server):
    """`json=` wants an instance, or plain values."""
    with pytest.raises(TypeError, match=r"json holds the class Answer: .* give an instance of it"):
        await client.request("POST", "chat/completions", json=Answer)
    assert server.requests == []
