"""What checkers know of typed answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, assert_type

from imagine import (
    AsyncPartialStream,
    ImagineAsyncClient,
    ImagineClient,
    ImagineParseException,
    Parsed,
    Partial,
    PartialStream,
)

MESSAGES = [{"role": "user", "content": "Hello!"}]


@dataclass
class Person:
    """A class of the user's."""

    name: str


async def values(client: ImagineAsyncClient) -> None:
    """A class gives its own type; what is no class, any."""
    assert_type(await client.chat_parse(MESSAGES, Person), Parsed[Person])
    assert_type((await client.chat_parse(MESSAGES, list[Person], asks=1, temperature=0)).value, list[Person])
    assert_type((await client.chat_parse(MESSAGES, int, ways=["content"])).value, int)
    assert_type(await client.chat_parse(MESSAGES, Literal["red", "green"]), Parsed[Any])
    assert_type(client.chat_parse_stream(MESSAGES, Person), AsyncPartialStream[Person])
    async for partial in client.chat_parse_stream(MESSAGES, list[Person]):
        assert_type(partial, Partial)
    assert_type(await client.chat_parse_stream(MESSAGES, Person).final(), Parsed[Person])
    await client.chat_parse(MESSAGES, Person, ways=["tools"])  # type: ignore[list-item]


def blocking_values(client: ImagineClient) -> None:
    """The blocking client's are the same."""
    assert_type(client.chat_parse(MESSAGES, Person).value, Person)
    stream = client.chat_parse_stream(MESSAGES, Person)
    assert_type(stream, PartialStream[Person])
    for partial in stream:
        assert_type(partial.completed, tuple[tuple[tuple[str | int, ...], Any], ...])
    assert_type(stream.final(), Parsed[Person])


def exceptions(error: ImagineParseException) -> None:
    """What an error has."""
    assert_type((error.cut, error.asked), tuple[bool, int])
