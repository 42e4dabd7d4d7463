"""The beginning of a value, which a prompt ends with, and what a model makes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

import pytest
from msgspec import Struct
from support.clients import HELLO

from imagine.server import Reply

pytestmark = pytest.mark.anyio


@dataclass
class Person:
    name: str
    age: int


@dataclass
class Group:
    people: list[Person]


@dataclass
class Search:
    limit: int = 10
    words: list[str] = field(default_factory=list)


class Color(Enum):
    RED = "red"


class Cat(Struct, tag=True):
    lives: int


class Dog(Struct, tag=True):
    tricks: int


ANN = Person("Ann", 41)

GOES_ON = [
    (Person, '{"name":', ' "Ann", "age": 41}', ANN),
    (int, '{"value":', " 5}", 5),
    (Color, '{"value":', ' "red"}', Color.RED),
    (Literal["yes", "no"], '{"value":', ' "no"}', "no"),
    (str | None, '{"value":', " null}", None),
    (list[str], '{"value":', ' ["a", "b"]}', ["a", "b"]),
    (list[str], '{"value":', " []}", []),
    (list[Person], '{"value":', ' [{"name": "Ann", "age": 41}]}', [ANN]),
    (Group, '{"people":', ' [{"name": "Ann", "age": 41}]}', Group([ANN])),
    (Search, "{", '"words": ["tea"]}', Search(words=["tea"])),
    (Cat | Dog, "{", '"type": "Cat", "lives": 9}', Cat(9)),
    (dict[str, int], "{", '"a": 1}', {"a": 1}),
    (Person | None, "{", '"value": {"name": "Ann", "age": 41}}', ANN),
]


@pytest.mark.parametrize(("kind", "beginning", "text", "value"), GOES_ON)
async def test_a_completion_goes_on_from_what_is_sure(client, server, kind, beginning, text, value):
    """The first name is given where it has to come and no bracket follows; else the bracket alone."""
    server.completions.replies(text)
    parsed = await client.chat_parse(HELLO, kind, ways=["completion"], asks=1)
    assert (parsed.value, parsed.repaired) == (value, False)
    assert server.completions.last.prompt.endswith(f"assistant: {beginning}")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Person, '{"age": 41, "name": "Ann"}', ANN),
        (Person, '\n```json\n{"name": "Ann", "age": 41}\n```', ANN),
        (int, '{"value": 5}', 5),
        (list[str], '{"value": ["a"]}', ["a"]),
        (list[Person], '{"name": "Ann", "age": 41}', [ANN]),
    ],
)
async def test_a_completion_may_begin_anew(client, server, kind, text, value):
    """A bracket or a fence begins the whole value again."""
    server.completions.replies(text)
    assert (await client.chat_parse(HELLO, kind, ways=["completion"], asks=1)).value == value


@pytest.mark.parametrize(
    ("kind", "text", "value"), [(int, " 8 legs.", 8), (int, " It has 8.", 8), (Color, " It is red", Color.RED)]
)
async def test_a_completion_may_be_a_sentence(client, server, kind, text, value):
    """What is no JSON is read without the beginning that it did not go on from."""
    server.completions.replies(text)
    parsed = await client.chat_parse(HELLO, kind, ways=["completion"], asks=1)
    assert (parsed.value, parsed.repaired) == (value, True)


@pytest.mark.parametrize(
    ("kind", "chunks", "places"),
    [
        (list[str], [' ["a', '", "b"]}'], [(0,), (1,), ()]),
        (int, [" 5", "}"], [()]),
        (Group, [' [{"name": "Ann",', ' "age": 41}]}'], [("people", 0, "name")]),
    ],
)
async def test_a_stream_shows_what_goes_on(client, server, kind, chunks, places):
    """Parts become complete at their places in the value."""
    server.completions.replies(Reply(chunks=chunks))
    stream = client.chat_parse_stream(HELLO, kind, ways=["completion"])
    completed = [place async for partial in stream for place, _ in partial.completed]
    assert completed[: len(places)] == places
