"""What goes wrong after the first answer: nothing that was paid for is lost."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

import pytest
from support.clients import HELLO

from imagine import (
    ImagineAPIStatusException,
    ImagineAsyncClient,
    ImagineException,
    ImagineParseException,
    ImagineStreamErrorException,
    ImagineStreamException,
)
from imagine.server import Reply

pydantic = pytest.importorskip("pydantic")
pytestmark = pytest.mark.anyio


@dataclass
class Person:
    name: str
    age: int


GOOD, BAD = '{"name": "Ann", "age": 41}', '{"name": "Ann", "age": "old"}'


@pytest.fixture
async def async_client(server):
    """The client whose tasks are several, and may be cancelled."""
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        yield client


class Row(pydantic.BaseModel):
    count: int


class Rows(pydantic.BaseModel):
    rows: list[Row]


@pytest.mark.parametrize("code", [500, 400])
async def test_an_error_has_the_answer_before_it(client, server, code):
    """A failure, and a refusal of the only way, stand in place of the second answer: `partial` is the first."""
    server.chat.replies(BAD, Reply(fault=f"status;code={code}"))
    with pytest.raises(ImagineAPIStatusException if code == 500 else ImagineException) as raised:
        await client.chat_parse(HELLO, Person, ways=["tool"])
    assert raised.value.partial.first_content == BAD
    assert raised.value.partial.usage.completion_tokens > 0


async def test_an_error_of_a_stream_has_the_answer_before_it(client, server):
    """The first way brought prose; the second fails."""
    server.chat.replies("I cannot.", Reply(fault="status;code=500"))
    with pytest.raises(ImagineAPIStatusException) as raised:
        await client.chat_parse_stream(HELLO, Person).final()
    assert raised.value.partial.first_content == "I cannot."


async def test_the_error_of_a_first_answer_has_none(client, server):
    """Nothing was delivered."""
    server.faults.script(["status;code=500"])
    with pytest.raises(ImagineAPIStatusException) as raised:
        await client.chat_parse(HELLO, Person)
    assert raised.value.partial is None


async def test_what_is_wrong_is_told_in_short(client, server):
    """A thousand misfits of pydantic fill neither the next request nor the error."""
    server.chat.replies(*[json.dumps({"rows": [{}] * 1_000})] * 2)
    with pytest.raises(ImagineParseException) as raised:
        await client.chat_parse(HELLO, Rows, ways=["tool"], asks=2)
    assert 1_000 < len(server.chat.last.messages[-1].content) < 1_200
    assert len(str(raised.value)) < 1_500


async def test_a_second_reader_is_refused_and_the_first_goes_on(async_client, server):
    """It is a mistake of the second alone; of a blocking stream the second one waits."""
    server.chat.replies(Reply(GOOD, delay=0.2))
    stream = async_client.chat_parse_stream(HELLO, Person, ways=["content"])
    first = asyncio.create_task(stream.final())
    await asyncio.sleep(0)
    with pytest.raises(ImagineException, match="read by another task"):
        await stream.read()
    assert (await first).value == Person("Ann", 41)


async def test_a_cancelled_read_is_no_end(async_client, server):
    """Who comes back after it is told."""
    server.faults.script(["stall;after=2"])
    server.chat.replies(Reply(chunks=['{"name": "Ann"', ', "age": 41}']))
    stream = async_client.chat_parse_stream(HELLO, Person, ways=["content"])
    await stream.read()
    task = asyncio.create_task(stream.final())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ImagineStreamException):
        await stream.final()


async def test_several_answers_of_one_stream_are_not_mixed(client, server):
    """Of those that `n` asks for the first is shown."""
    server.chat.replies(GOOD)
    stream = client.chat_parse_stream(HELLO, Person, ways=["content"], extra_body={"n": 2})
    completed = [item async for partial in stream for item in partial.completed]
    assert completed == [(("name",), "Ann"), (("age",), 41), ((), Person("Ann", 41))]


async def test_a_member_is_shown_once(client, server):
    """Where it comes twice with two values, nobody knows which is meant, and nothing more is shown."""
    server.chat.replies('{"name": "Ann", "name": "Bob", "age": 41}')
    completed = []
    with pytest.raises(ImagineParseException, match="twice") as raised:
        async for partial in client.chat_parse_stream(HELLO, Person, ways=["content"]):
            completed += partial.completed
    assert completed == [(("name",), "Ann")]
    assert not isinstance(raised.value, ImagineStreamErrorException)


async def test_thoughts_in_several_blocks_are_not_shown(client, server):
    """Wherever the pieces are cut."""
    thoughts = '<think>{"name": "B", "age": 1}</think>\n'
    server.chat.replies(Reply(chunks=list(f"{thoughts} {thoughts}{GOOD}")))
    stream = client.chat_parse_stream(HELLO, Person, ways=["content"])
    completed = [item async for partial in stream for item in partial.completed]
    assert completed == [(("name",), "Ann"), (("age",), 41), ((), Person("Ann", 41))]
