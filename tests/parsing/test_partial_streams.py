"""Values that are shown while they stream."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import pytest
from support.clients import HELLO

from imagine import ImagineParseException, ImagineStreamErrorException, ImagineStreamException
from imagine.server import Reply

pytestmark = pytest.mark.anyio


@dataclass
class Person:
    name: str
    age: int


PEOPLE = ['[{"name": "An', 'n", "age": 4', '1}, {"name": "B\\u00', 'e9", "age": 7}', "]"]
ANN, BE = Person("Ann", 41), Person("B\u00e9", 7)


async def shown(stream):
    return [(deepcopy(partial.data), partial.completed) async for partial in stream]


async def flat(stream):
    """What became complete, in its order."""
    return [item async for partial in stream for item in partial.completed]


async def test_a_list_grows_item_by_item(client, server):
    """Each value becomes complete once, as its type has it; a number by halves is never shown."""
    server.chat.replies(Reply(chunks=PEOPLE))
    stream = client.chat_parse_stream(HELLO, list[Person], ways=["content"])
    partials = await shown(stream)
    completed = [item for _, items in partials for item in items]
    assert [(path, value) for path, value in completed if len(path) < 2] == [((0,), ANN), ((1,), BE), ((), [ANN, BE])]
    assert completed.count(((0, "age"), 41)) == 1
    ages = {data[0].get("age") for data, _ in partials}
    assert ages <= {None, 41}
    parsed = await stream.final()
    assert (parsed.value, parsed.way, parsed.asked) == ([ANN, BE], "content", 1)


async def test_the_tree_is_live(client, server):
    """`data` is the same object all the time, and grows."""
    server.chat.replies(Reply(chunks=PEOPLE))
    trees = [partial.data async for partial in client.chat_parse_stream(HELLO, list[Person], ways=["content"])]
    assert len({id(tree) for tree in trees}) == 1
    assert trees[0] == [{"name": "Ann", "age": 41}, {"name": "B\u00e9", "age": 7}]


async def test_arguments_of_a_call_are_shown(client, server):
    """What a call wraps is shown without its wrapper; sentences beside it are not."""
    call = ("list_Person", '{"value": [{"name": "Ann", "age": 41}]}')
    server.chat.replies(Reply("Let me {see} [", tool_calls=[call]))
    stream = client.chat_parse_stream(HELLO, list[Person])
    completed = await flat(stream)
    assert completed == [((0, "name"), "Ann"), ((0, "age"), 41), ((0,), ANN), ((), [ANN])]
    assert (await stream.final()).way == "tool"


async def test_thoughts_are_not_shown(client, server):
    """What a model drafts while it thinks is no answer."""
    draft = ["<thi", 'nk>{"name": "Bob", "age": 1}</th', "ink> ```json\n", '{"name": "Ann", "age": 41}\n```']
    server.chat.replies(Reply(chunks=draft))
    completed = await flat(client.chat_parse_stream(HELLO, Person, ways=["content"]))
    assert completed == [(("name",), "Ann"), (("age",), 41), ((), ANN)]


async def test_a_completion_is_shown_from_its_beginning_on(client, server):
    """What the prompt ends with belongs to the value."""
    server.completions.replies(Reply(chunks=[' "Ann", ', '"age": 41}']))
    completed = await flat(client.chat_parse_stream(HELLO, Person, ways=["completion"]))
    assert completed == [(("name",), "Ann"), (("age",), 41), ((), ANN)]


async def test_it_goes_on_to_the_next_way_while_nothing_was_shown(client, server):
    """A refused way, and an answer without JSON, have shown nothing."""
    server.faults.script(["status;code=400"])
    server.chat.replies("I cannot.")
    server.completions.replies(' "Ann", "age": 41}')
    stream = client.chat_parse_stream(HELLO, Person)
    assert (await flat(stream))[-1] == ((), ANN)
    parsed = await stream.final()
    assert (parsed.way, parsed.asked) == ("completion", 2)


async def test_it_never_begins_anew(client, server):
    """Once something was shown, a value that does not fit is an error after the last piece."""
    server.chat.replies('{"name": "Ann", "age": "old"}')
    stream = client.chat_parse_stream(HELLO, Person)
    completed = []
    with pytest.raises(ImagineParseException, match=r"`\$\.age`") as raised:
        async for partial in stream:
            completed += partial.completed
    assert completed == [(("name",), "Ann")]
    assert raised.value.partial == {"name": "Ann", "age": "old"}
    with pytest.raises(ImagineParseException):
        await stream.final()


async def test_a_cut_value_is_an_error_with_what_came(client, server):
    """What was shown stays shown; the error has it, too."""
    server.chat.replies(Reply('{"name": "Ann", "a', finish_reason="length"))
    with pytest.raises(ImagineParseException) as raised:
        await client.chat_parse_stream(HELLO, Person).final()
    assert (raised.value.cut, raised.value.partial) == (True, {"name": "Ann"})


async def test_a_broken_stream_is_raised_as_it_is(client, server):
    """The connection's end is no misfit."""
    server.chat.replies(Reply('{"name": "Ann", "age": 41}', fault="cut-stream;after=2"))
    stream = client.chat_parse_stream(HELLO, Person, ways=["content"])
    with pytest.raises(ImagineStreamException) as raised:
        await flat(stream)
    assert not isinstance(raised.value, ImagineStreamErrorException)


async def test_leaving_early_frees_the_connection(client, server):
    """Who leaves the context has closed the stream, and `final` says so."""
    server.faults.script(["stall;after=2"])
    server.chat.replies(Reply(chunks=PEOPLE), Reply(chunks=PEOPLE))
    async with client.chat_parse_stream(HELLO, list[Person], ways=["content"]) as stream:
        pass
    assert server.requests == []
    with pytest.raises(ImagineStreamException, match="closed before its end"):
        await stream.final()
    server.chat.clear()


async def test_nothing_is_sent_before_it_is_asked_for(client, server):
    """Bad arguments are refused at once, good ones send nothing yet."""
    stream = client.chat_parse_stream(HELLO, Person)
    assert server.requests == []
    await stream.aclose()
