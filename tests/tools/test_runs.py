"""Runs of a model with tools: what is called, what the model is told, and how a run ends."""

from __future__ import annotations

import asyncio
import json
import re
import threading

import pytest
from support.clients import HELLO
from support.scripted import json_answer
from support.tools import OSLO, asks, double, fail, sent_messages, turns, weather

import imagine
from imagine import ChatCompletionStreamResponse, ImagineToolException, ToolCall, ToolResult, Tools, Turn
from imagine.server import Reply
from imagine.types import FunctionTool

pytestmark = pytest.mark.anyio

DESCRIBED = Tools(type="function", function=FunctionTool(name="pay", parameters={"type": "object"}))


async def test_tools_are_called_until_the_model_answers_in_text(begin, server):
    """Each turn has its answer and the results of its calls; the last answer is what the run comes to."""
    server.chat.replies(OSLO, asks(("double", {"number": 4})), "Eight.")
    run = begin(tools=[weather, double])
    first, second, last = await turns(run)
    assert [turn.number for turn in run.turns] == [1, 2, 3]
    assert (first.results[0].value, first.results[0].content) == ("rain in Oslo", "rain in Oslo")
    assert (second.results[0].value, second.results[0].content, second.results[0].call.values) == (
        8,
        "8",
        {"number": 4},
    )
    assert last.results == ()
    assert await run.final() is last.answer
    assert [message["role"] for message in sent_messages(server)] == ["user", *["assistant", "tool"] * 2]
    assert len(server.chat.last.tools) == 2


async def test_nothing_is_sent_before_it_is_asked_for(begin, server):
    """A run that is made and left has done nothing; `final` alone does it all."""
    begin(tools=[weather])
    assert server.requests == []
    server.chat.replies(OSLO, "It rains.")
    assert (await begin(tools=[weather]).final()).first_content == "It rains."


async def test_results_stand_in_the_order_of_the_calls(begin, server):
    """All tools of a turn are at work at once, and whichever ends first, the model reads them in its own order."""
    second_is_there = threading.Event()

    def first() -> str:
        """Wait for the other."""
        assert second_is_there.wait(30)
        return "one"

    def second() -> str:
        """Let the other go on."""
        second_is_there.set()
        return "two"

    server.chat.replies(asks(("first", {}), ("second", {})), "Done.")
    turn, _ = await turns(begin(tools=[first, second]))
    assert [result.content for result in turn.results] == ["one", "two"]
    assert [message["content"] for message in sent_messages(server)[2:]] == ["one", "two"]


async def test_tool_concurrency_bounds_how_many_are_called_at_once(begin, server):
    """With one place, each tool begins when the one before it has ended."""
    steps = []

    async def step(name: str) -> None:
        """Note when it begins and ends."""
        steps.append(name)
        await asyncio.sleep(0)
        steps.append(name)

    server.chat.replies(asks(*(("step", {"name": name}) for name in "abc")), "Done.")
    await begin(tools=[step], tool_concurrency=1).final()
    assert steps == [*"aabbcc"]


async def test_a_stream_hands_over_what_happens(client, server):
    """Chunks, each call before it is made, each result, each turn; the texts are those of the chunks alone."""
    server.chat.replies(OSLO, "It rains.")
    run = client.run_tools_stream(HELLO, tools=[weather])
    happened = [event async for event in run]
    kinds = [type(event) for event in happened if not isinstance(event, ChatCompletionStreamResponse)]
    assert kinds == [ToolCall, ToolResult, Turn, Turn]
    assert "".join(event.first_content or "" for event in happened) == "It rains."
    assert (await run.final()).first_content == "It rains."


async def test_what_does_not_fit_a_tool_is_told(begin, server):
    """Unknown tools are told with those there are, arguments with all that is wrong; the run goes on."""
    server.chat.replies(asks(("whether", {"city": "Oslo"}), ("double", {"number": "many"}), ("double", "{")), "Sorry.")
    turn, _ = await turns(begin(tools=[weather, double], tool_errors="raise"))
    unknown, wrong, broken = (result.content for result in turn.results)
    assert unknown == "Error: there is no tool 'whether', only weather, double"
    assert re.match(r"Error: .*double.*number", wrong)
    assert broken.startswith("Error: the arguments do not fit double")
    assert [result.call.values for result in turn.results] == [None] * 3


async def test_a_tool_that_fails_is_told(begin, server):
    """The model reads class and words, of long ones the first thousand characters; the result has the exception."""
    server.chat.replies(asks(("fail", {"why": "no such city"}), ("fail", {"why": "x" * 5000})), "Sorry.")
    turn, _ = await turns(begin(tools=[fail]))
    short, long = turn.results
    assert short.content == "Error: LookupError: no such city"
    assert isinstance(short.error, LookupError)
    assert len(long.content) == 1000


async def test_a_result_that_cannot_be_told_is_a_failure(begin, server):
    """What a tool returns is put into words where it was called; a text that cannot be made is told as an error."""

    class Shy:
        def __str__(self):
            raise RuntimeError("no words")

        __repr__ = __str__

    def shy() -> str:
        """Return what has no text."""
        return Shy()

    server.chat.replies(asks(("shy", {})), "Sorry.")
    turn, _ = await turns(begin(tools=[shy]))
    assert turn.results[0].content == "Error: RuntimeError: no words"


async def test_a_tool_that_fails_ends_the_run_where_that_is_asked_for(begin, server):
    """With "raise" the exception has the result, its cause, and a conversation that can be sent on."""
    server.chat.replies(OSLO, asks(("fail", {"why": "broken"})))
    run = begin(tools=[weather, fail], tool_errors="raise")
    for _ in range(2):  # a second time it is told again
        with pytest.raises(ImagineToolException, match="the tool fail failed: LookupError: broken") as raised:
            await run.final()
    error = raised.value
    assert (error.reason, error.result.call.name) == ("tool", "fail")
    assert isinstance(error.__cause__, LookupError)
    assert error.partial.choices[0].message.tool_calls[0].function.name == "fail"
    assert [getattr(message, "role", "user") for message in error.messages] == ["user", "assistant", "tool"]
    assert error.messages == run.messages


async def test_a_function_says_what_the_model_is_told_of_a_failure(begin, server):
    """It gets the call and the exception; what it returns has to be a text."""
    server.chat.replies(asks(("fail", {"why": "broken"})), "Sorry.")
    turn, _ = await turns(begin(tools=[fail], tool_errors=lambda call, error: f"{call.name}: {error}!"))
    assert turn.results[0].content == "fail: broken!"
    server.chat.replies(asks(("fail", {"why": "broken"})))
    with pytest.raises(TypeError, match="tool_errors must return what the model is told, a str, not None"):
        await begin(tools=[fail], tool_errors=lambda call, error: None).final()


async def test_a_run_out_of_turns_loses_nothing(begin, client, server):
    """After `max_turns` answers the exception has the conversation, with which another run goes on."""
    server.chat.replies(OSLO, OSLO)
    with pytest.raises(ImagineToolException, match="max_turns=2") as raised:
        await begin(tools=[weather], max_turns=2).final()
    assert (raised.value.reason, len(raised.value.messages)) == ("max_turns", 5)
    assert raised.value.partial.choices[0].message.tool_calls
    server.chat.replies("It rains.")
    assert (await client.run_tools(raised.value.messages, tools=[weather]).final()).first_content == "It rains."
    assert len(server.chat.last.messages) == 5


async def test_a_tool_that_is_only_described_ends_the_run(begin, client, server):
    """Calls beside it are made first; its own are `pending`, and once they are answered the conversation goes on."""
    server.chat.replies(asks(("pay", {"euros": 5}), ("weather", {"city": "Oslo"})))
    run = begin(tools=[weather, DESCRIBED])
    answer = await run.final()
    [pending] = run.pending
    assert (pending.name, pending.values) == ("pay", {"euros": 5})
    assert answer.choices[0].message.tool_calls[0].id == pending.id
    assert [result.content for result in run.turns[0].results] == ["rain in Oslo"]
    paid = {"role": "tool", "tool_call_id": pending.id, "content": "paid"}
    server.chat.replies("Paid.")
    assert (await client.run_tools([*run.messages, paid], tools=[weather]).final()).first_content == "Paid."


async def test_messages_go_on_between_turns(begin, server):
    """The list is the run's own, has each whole turn, and takes what its user adds."""
    server.chat.replies(OSLO, "It rains.")
    run = begin(tools=[weather])
    async for item in run:
        if isinstance(item, Turn) and item.results:
            run.messages.append({"role": "user", "content": "Be brief."})
    assert [message["role"] for message in sent_messages(server)] == ["user", "assistant", "tool", "user"]
    assert len(HELLO) == 1
    assert run.messages[-1].content == "It rains."


async def test_usage_is_that_of_all_answers(begin, server):
    """Tokens are summed as far as answers report them."""
    options = {"stream_options": {"include_usage": True}}
    server.chat.replies(OSLO, "It rains.")
    run = begin(tools=[weather], **options)
    assert run.usage is None
    await run.final()
    reported = [turn.answer.usage for turn in run.turns]
    assert run.usage.completion_tokens == sum(usage.completion_tokens for usage in reported)
    assert run.usage.total_tokens == sum(usage.total_tokens for usage in reported)


async def test_a_choice_that_forces_a_call_holds_for_one_turn(begin, server):
    """Else the model would have to call for ever; options go with each turn."""
    server.chat.replies(OSLO, "It rains.")
    await begin(tools=[weather], tool_choice="required", temperature=0.5).final()
    asked = server.chat.requests
    assert [request.tool_choice for request in asked] == ["required", None]
    assert [request.temperature for request in asked] == [0.5, 0.5]


async def test_a_finish_reason_says_nothing(begin, server):
    """What has calls goes on, what has none is the end, even an empty text."""
    silent = Reply("", finish_reason="tool_calls")
    server.chat.replies(asks(("weather", {"city": "Oslo"}), finish_reason="stop"), silent)
    run = begin(tools=[weather])
    assert (await run.final()).first_content in ("", None)
    assert len(run.turns) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"tools": []}, ValueError, "tools must have at least one"),
        ({"tools": [weather, weather]}, ValueError, "two that are named 'weather'"),
        ({"tools": [1]}, TypeError, r"tools\[0\]"),
        ({"max_turns": 0}, ValueError, "max_turns must be at least 1"),
        ({"tool_concurrency": 0}, ValueError, "tool_concurrency must be at least 1"),
        ({"tool_timeout": 0}, ValueError, "tool_timeout must be more than 0"),
        ({"tool_errors": "log"}, ValueError, "tool_errors must be 'tell', 'raise' or a function, not 'log'"),
        ({"tool_errors": double}, TypeError, "tool_errors must be a function that is not async"),
        ({"temprature": 1}, TypeError, r"run_tools(_stream)?\(\) got .*'temprature': did you mean temperature"),
    ],
)
async def test_bad_arguments_are_refused_before_anything_is_sent(begin, server, arguments, error, words):
    """The message names the argument."""
    with pytest.raises(error, match=words):
        begin(**{"tools": [weather], **arguments})
    assert server.requests == []


async def test_messages_are_checked_before_anything_is_sent(client):
    """As those of a chat are."""
    with pytest.raises(ValueError, match="messages must be a list of at least one"):
        client.run_tools([], tools=[weather])


async def test_messages_may_be_an_iterator(client, kind, server):
    """It is read once."""
    server.chat.replies("Hello.")
    run = getattr(client, kind)(iter(HELLO), tools=[weather])
    await run.final()
    assert run.messages[:1] == HELLO


async def test_a_closed_client_begins_no_run(make_client):
    """It is told at once."""
    client = await make_client()
    await client.close()
    with pytest.raises(imagine.ImagineException, match="this client is closed"):
        client.run_tools(HELLO, tools=[weather])


async def test_an_answer_without_choices_ends_the_run(client, server):
    """There is nothing to call, and nothing to add to the conversation."""
    server.faults.script([json_answer({"choices": []})])
    run = client.run_tools(HELLO, tools=[weather])
    assert (await run.final()).choices == []
    assert run.messages == HELLO


async def test_calls_see_values_as_the_function_takes_them(begin, server):
    """Texts become what hints say; the call tells what was sent."""
    server.chat.replies(asks(("double", json.dumps({"number": "21"}))), "42")
    turn, _ = await turns(begin(tools=[double]))
    assert (turn.results[0].value, turn.results[0].call.values) == (42, {"number": 21})
    assert turn.results[0].call.arguments == '{"number": "21"}'
