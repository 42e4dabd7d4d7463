"""What is asked, and asked again: ways, errors told, temperatures, limits, and what it cost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

import pytest
from support.clients import HELLO

from imagine import (
    ImagineAPINotFoundException,
    ImagineAPIStatusException,
    ImagineDecodeException,
    ImagineParseException,
)
from imagine.server import Reply

pytestmark = pytest.mark.anyio


@dataclass
class Person:
    name: str
    age: int


ANN = Person("Ann", 41)
GOOD = '{"name": "Ann", "age": 41}'
BAD = '{"name": "Ann", "age": "old"}'
WRONG_WAYS = [400, 404, 405, 415, 422, 501]


async def test_a_tool_is_asked_for_first(client, server):
    """The type is a function that the model has to call, and the value says how it came."""
    server.chat.replies(Reply(tool_calls=[("Person", GOOD)]))
    parsed = await client.chat_parse(HELLO, Person)
    assert (parsed.value, parsed.way, parsed.asked, parsed.repaired) == (ANN, "tool", 1, False)
    assert parsed.answer.choices[0].message.tool_calls[0].function.arguments == GOOD
    [offered] = server.chat.last.tools
    assert (offered.function.name, offered.function.parameters["required"]) == ("Person", ["name", "age"])
    assert server.chat.last.tool_choice == {"type": "function", "function": {"name": "Person"}}


async def test_content_is_asked_for_in_words_and_by_format(client, server):
    """A service may ignore the format: the words stand at the end of the last question."""
    server.chat.replies(GOOD)
    await client.chat_parse([*HELLO, {"role": "system", "content": "Be brief."}], Person, ways=["content"])
    question, system = server.chat.last.messages
    assert question.content.startswith(HELLO[0]["content"])
    assert '"required":["name","age"]' in question.content
    assert system.content == "Be brief."
    assert server.chat.last.response_format["json_schema"]["schema"]["required"] == ["name", "age"]


async def test_words_are_a_part_of_a_question_with_images(client, server):
    """Where a question has parts, the words are one more; nothing of the user's is changed."""
    parts = [{"type": "image_url", "image_url": {"url": "data:,"}}]
    messages = [{"role": "user", "content": parts}]
    server.chat.replies(GOOD)
    await client.chat_parse(messages, Person, ways=["content", "completion"])
    assert [part["type"] for part in server.chat.last.messages[0].content] == ["image_url", "text"]
    assert messages == [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]


async def test_a_completion_goes_on_from_the_first_member(client, server):
    """The prompt has the schema, an example that fits and the conversation; the answer begins behind the name."""
    server.completions.replies(' "Ann", "age": 41}\n\n{"name"')
    parsed = await client.chat_parse(HELLO, Person, ways=["completion"])
    assert (parsed.value, parsed.way) == (ANN, "completion")
    asked = server.completions.last
    assert asked.prompt.endswith(f'\n\nuser: {HELLO[0]["content"]}\n\nassistant: {{"name":')
    example = asked.prompt.split("\n")[-5]
    assert json.loads(example).keys() == {"name", "age"}
    assert asked.max_tokens == 1024


async def test_what_is_no_object_is_asked_for_inside_of_one(client, server):
    """Services take functions of objects alone."""
    server.chat.replies(Reply(tool_calls=[("list_int", '{"value": [1, 2]}')]))
    parsed = await client.chat_parse(HELLO, list[int])
    assert (parsed.value, parsed.repaired) == ([1, 2], False)
    assert server.chat.last.tools[0].function.parameters["properties"].keys() == {"value"}


async def test_json_that_does_not_fit_is_asked_for_again(client, server):
    """The same way, with the last answer and what is wrong with it; all answers are counted."""
    server.chat.replies(Reply(tool_calls=[("Person", BAD)]), Reply(tool_calls=[("Person", '{"name": 1}')]), GOOD)
    parsed = await client.chat_parse(HELLO, Person)
    assert (parsed.value, parsed.way, parsed.asked) == (ANN, "tool", 3)
    first, second, third = server.chat.requests
    *_, said, told = second.messages
    assert (said.role, said.content) == ("assistant", BAD)
    assert "`$.age`" in told.content
    assert len(third.messages) == len(second.messages) == len(first.messages) + 2
    assert third.messages[-2].content == '{"name": 1}'
    usages = [len(asked.messages) and asked.tools is not None for asked in (first, second, third)]
    assert usages == [True] * 3
    assert parsed.usage.completion_tokens > parsed.answer.usage.completion_tokens


async def test_no_json_at_all_leads_to_the_next_way(client, server):
    """A service that swallows calls may answer by another way; after the last comes the first."""
    server.chat.replies("", "I cannot do that.", Reply(tool_calls=[("Person", GOOD)]))
    server.completions.replies("no braces here")
    parsed = await client.chat_parse(HELLO, Person, asks=4)
    assert (parsed.value, parsed.way, parsed.asked) == (ANN, "tool", 4)
    tools = [asked.tools is not None for asked in server.chat.requests]
    assert tools == [True, False, True]


@pytest.mark.parametrize("status", WRONG_WAYS)
async def test_a_way_that_the_service_refuses_is_left(client, server, status):
    """It counts as no answer, and does not come back."""
    server.faults.script([f"status;code={status}"])
    server.chat.replies(BAD, GOOD)
    parsed = await client.chat_parse(HELLO, Person, ways=["tool", "content"], asks=2)
    assert (parsed.value, parsed.way, parsed.asked) == (ANN, "content", 2)


async def test_the_first_refusal_is_raised_where_no_way_is_left(client, server):
    """It is about what was asked for first."""
    server.faults.script(["status;code=404;message=no such model", "status;code=400", "status;code=404"])
    with pytest.raises(ImagineAPINotFoundException, match="no such model"):
        await client.chat_parse(HELLO, Person)


async def test_other_errors_are_raised_as_they_are(client, server):
    """A service that fails has not refused the way."""
    server.faults.script(["status;code=500"])
    with pytest.raises(ImagineAPIStatusException):
        await client.chat_parse(HELLO, Person)
    assert len(server.requests) == 1


async def test_a_cut_answer_is_not_asked_for_again(client, server):
    """The same limit would cut it again: the error has what came, and says what to do."""
    server.chat.replies(Reply('{"name": "Ann", "age": 4', finish_reason="length"))
    with pytest.raises(ImagineParseException, match=r"was cut after max_tokens=50, give it more") as raised:
        await client.chat_parse(HELLO, Person, max_tokens=50)
    error = raised.value
    assert (error.cut, error.asked, error.partial) == (True, 1, {"name": "Ann"})
    assert error.answer.first_content == '{"name": "Ann", "age": 4'
    assert error.usage == error.answer.usage
    assert error.call.status == 200


async def test_as_many_tokens_as_allowed_are_a_cut(client, server):
    """Some services call it `stop`."""
    server.chat.replies(Reply(chunks=['{"name"', ': "Ann"']))
    with pytest.raises(ImagineParseException) as raised:
        await client.chat_parse(HELLO, Person, max_tokens=2)
    assert raised.value.cut


async def test_a_cut_behind_the_value_is_none(client, server):
    """What is complete is taken."""
    server.chat.replies(Reply(f"{GOOD} Now let me", finish_reason="length"))
    assert (await client.chat_parse(HELLO, Person)).value == ANN


async def test_out_of_asks_the_last_answer_is_told(client, server):
    """The error says how many there were, what does not fit, and where."""
    server.chat.replies(BAD, BAD)
    with pytest.raises(
        ImagineParseException, match=r"^no value of Person came of 2 answers: .*`\$\.age`.*old"
    ) as raised:
        await client.chat_parse(HELLO, Person, asks=2)
    assert isinstance(raised.value, ImagineDecodeException)
    assert (raised.value.asked, raised.value.cut, raised.value.partial) == (2, False, {"name": "Ann", "age": "old"})
    assert raised.value.usage.completion_tokens == 2 * raised.value.answer.usage.completion_tokens


@pytest.mark.parametrize(
    ("given", "sent"),
    [(None, [None, 0.3, 0.6]), (0.2, [0.2, 0.5, 0.8]), (0.9, [0.9, 1.0, 1.0]), (1.0, [1.0, 0.7, 0.4])],
)
async def test_each_ask_has_another_temperature_and_seed(client, server, given, sent):
    """At the same ones a model would say the same."""
    server.chat.replies(BAD, BAD, GOOD)
    await client.chat_parse(HELLO, Person, temperature=given, seed=7)
    assert [asked.temperature for asked in server.chat.requests] == sent
    assert [asked.seed for asked in server.chat.requests] == [7, 8, 9]


async def test_long_answers_do_not_make_requests_grow(client, server):
    """Of the last answer the next request has 4,000 characters, of those before nothing."""
    server.chat.replies(json.dumps({"name": "x" * 50_000}), GOOD)
    await client.chat_parse(HELLO, Person, ways=["tool"])
    assert len(server.chat.last.messages[-2].content) == 4_000


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"messages": []}, "messages"),
        ({"response_type": object()}, "has no JSON Schema"),
        ({"ways": []}, "ways must be a list of some of tool, content, completion"),
        ({"ways": ["tools"]}, "ways must be"),
        ({"ways": "tool"}, "ways must be"),
        ({"asks": 0}, "asks must be"),
        ({"temprature": 1}, "temprature"),
        ({"ways": ["completion"], "messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "no images"),
    ],
)
async def test_bad_arguments_are_refused(client, server, arguments, says):
    """Nothing is sent, and the message names the argument."""
    given = {"messages": HELLO, "response_type": Person, **arguments}
    with pytest.raises((TypeError, ValueError), match=says):
        await client.chat_parse(**given)
    assert server.requests == []


async def test_options_reach_each_request(client, server):
    """Sampling and call options are those of a chat."""
    server.chat.replies(BAD, GOOD)
    await client.chat_parse(HELLO, Literal["red"] | Person, extra_body={"guided": 1}, top_p=0.5, ways=["tool"])
    bodies = [json.loads(request.body) for request in server.requests]
    assert [(body["guided"], body["top_p"]) for body in bodies] == [(1, 0.5)] * 2


async def test_a_key_that_a_model_says_is_not_told(client, server):
    """What an error shows of an answer is masked, as all that errors say."""
    await client.ping()
    server.chat.replies(f"Your key is {server.api_key}!")
    with pytest.raises(ImagineParseException, match=r"\*\*\*") as raised:
        await client.chat_parse(HELLO, Person, asks=1)
    assert server.api_key not in str(raised.value)
