"""What is sent back of an answer: services read it anew with each request, and refuse what is amiss in it for ever."""

from __future__ import annotations

import pytest
from support.clients import HELLO
from support.tools import asks, call, double, raw_answer, sent_messages, turns, weather

from imagine import ToolArgumentsError

pytestmark = pytest.mark.anyio


@pytest.fixture
def answers(server, kind):
    """Let the service answer with these calls, then with a text."""

    def script(*calls, **members):
        server.faults.script([raw_answer(*calls, streamed=kind == "run_tools_stream", **members)])
        server.chat.replies("Done.")

    return script


def sent_calls(server):
    """The ids and functions of the calls in the conversation that was sent last, and the ids that results name."""
    messages = sent_messages(server)
    calls = [call for message in messages for call in message.get("tool_calls") or ()]
    results = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    return [(call["id"], call["function"]) for call in calls], results


OSLO, ROME = '{"city": "Oslo"}', '{"city": "Rome"}'


@pytest.mark.parametrize("members", [{}, {"id": ""}])
async def test_calls_get_the_ids_that_they_lack(begin, answers, server, members):
    """Missing ids are made, for the call and for its result alike."""
    answers(call("weather", OSLO, **members), call("weather", ROME, **members))
    turn, _ = await turns(begin(tools=[weather]))
    calls, results = sent_calls(server)
    assert [id for id, _ in calls] == results == [result.call.id for result in turn.results] == ["call_1_1", "call_1_2"]
    assert [result.value for result in turn.results] == ["rain in Oslo", "rain in Rome"]


async def test_equal_ids_are_told_apart(client, server):
    """The second of two calls with one id gets another; in a stream, one id is one call."""
    server.faults.script([raw_answer(call("weather", OSLO, id="a"), call("weather", ROME, id="a"), streamed=False)])
    server.chat.replies("Done.")
    turn, _ = await turns(client.run_tools(HELLO, tools=[weather]))
    assert sent_calls(server)[1] == ["a", "call_1_2"]
    assert [result.value for result in turn.results] == ["rain in Oslo", "rain in Rome"]


async def test_an_id_of_an_earlier_turn_is_replaced(begin, client, kind, answers, server):
    """Some services count their calls from 0 in each answer."""
    answers(call("weather", '{"city": "Oslo"}', id="0"))
    run = begin(tools=[weather])
    await run.final()
    earlier = [*run.messages, *HELLO]
    answers(call("weather", '{"city": "Rome"}', id="0"))
    await getattr(client, kind)(earlier, tools=[weather]).final()
    assert sent_calls(server)[1] == ["0", "call_1_1"]


@pytest.mark.parametrize(
    "arguments", ["", "null", "[1]", "{'city': 'Oslo'}", '{"city": ', '"{\\"city\\": \\"Oslo\\"}"']
)
async def test_arguments_that_are_no_object_are_sent_back_as_an_empty_one(begin, answers, server, arguments):
    """Whatever was made of them, the service would refuse them in a conversation; the call still has them."""
    answers(call("weather", arguments, id="a"))
    turn, _ = await turns(begin(tools=[weather]))
    assert sent_calls(server)[0] == [("a", {"name": "weather", "arguments": "{}"})]
    assert turn.results[0].call.arguments == arguments
    assert turn.answer.choices[0].message.tool_calls[0].function.arguments == arguments


async def test_arguments_that_are_an_object_are_sent_back_as_they_came(begin, answers, server):
    """Also those that do not fit the tool: the model is told what is wrong with them."""
    answers(call("double", '{ "numbers": [1] }', id="a"))
    await begin(tools=[double]).final()
    assert sent_calls(server)[0] == [("a", {"name": "double", "arguments": '{ "numbers": [1] }'})]


NAMES = [("get weather!", "get_weather_"), ("", "unnamed"), ("w" * 65, "w" * 64)]


@pytest.mark.parametrize(("name", "sent"), NAMES)
async def test_a_name_that_no_tool_can_have_is_sent_back_as_one_that_could_be(begin, answers, server, name, sent):
    """Services check the names in a conversation, too."""
    answers(call(name, "{}", id="a"))
    turn, _ = await turns(begin(tools=[weather]))
    assert sent_calls(server)[0] == [("a", {"name": sent, "arguments": "{}"})]
    assert sent_messages(server)[-1]["name"] == sent
    assert turn.results[0].content == f"Error: there is no tool {name!r}, only weather"


CUT = [
    pytest.param({"finish_reason": "length"}, {}, id="it says so"),
    pytest.param({"finish_reason": "stop", "usage": {"completion_tokens": 9}}, {"max_tokens": 9}, id="it has them all"),
    pytest.param({"finish_reason": "content_filter"}, {}, id="it was stopped"),
    pytest.param(
        {"finish_reason": None, "usage": {"completion_tokens": 9}}, {"extra_body": {"max_tokens": 9}}, id="by the body"
    ),
]


@pytest.mark.parametrize(("members", "options"), CUT)
@pytest.mark.parametrize("arguments", ['{"city": "Os', "", "{'city': 'Oslo'}"])
async def test_arguments_of_a_cut_answer_are_never_guessed_at(begin, answers, server, arguments, members, options):
    """No call of it is made unless it is complete, wherever it stands: calls may come in any order."""
    called = []

    def remove(city: str = "all") -> None:
        """Remove something."""
        called.append(city)

    calls = call("remove", arguments, id="a"), call("remove", '{"city": "Rome"}', id="b")
    answers(*calls, call("remove", arguments, id="c"), **members)
    turn, _ = await turns(begin(tools=[remove], **options))
    assert called == ["Rome"]
    for result in turn.results[::2]:
        assert isinstance(result.error, ToolArgumentsError)
        assert "the answer was cut before these arguments were complete" in result.content
    assert sent_calls(server)[0][0] == ("a", {"name": "remove", "arguments": "{}"})


async def test_complete_arguments_of_a_cut_answer_are_used(begin, answers):
    """The limit was met after them."""
    answers(call("weather", '{"city": "Oslo"}', id="a"), finish_reason="length")
    turn, _ = await turns(begin(tools=[weather]))
    assert turn.results[0].value == "rain in Oslo"


async def test_the_conversation_survives_a_text_of_nothing(client, server):
    """A last answer without text is one that can be sent on."""
    server.chat.replies(asks(("weather", {"city": "Oslo"})), "")
    run = client.run_tools(HELLO, tools=[weather])
    await run.final()
    server.chat.replies("Yes?")
    await client.chat([*run.messages, *HELLO])
    assert sent_messages(server)[-2] == {"role": "assistant", "content": ""}
