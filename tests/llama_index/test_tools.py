"""Tools: what the model is offered, what it asks for, and what agents make of it."""

from __future__ import annotations

import pytest
from llama_index.core import PromptTemplate
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel
from support.scripted import events, json_answer

from imagine import ImagineDecodeException
from imagine.llama_index import ImagineLLM
from imagine.server import Reply

pytestmark = [
    pytest.mark.anyio,
    # LlamaIndex's workflows look at every attribute of an agent.
    pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecationWarning"),
]

ADD = ("add", {"a": 3, "b": 4})
WEATHER = ("weather", {"city": "Oslo"})
SONG = PromptTemplate("A song about {what}")


class Song(BaseModel):
    """A song."""

    title: str
    year: int


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"rain in {city}"


TOOLS = [FunctionTool.from_defaults(add), FunctionTool.from_defaults(weather)]


async def test_tools_are_offered_with_their_schema(make, ask, server, bodies):
    """The model sees name, description and parameters; without tools nothing is said of them."""
    server.chat.replies("No.", "No.")
    llm = make(ImagineLLM)
    await ask(llm, "chat_with_tools", TOOLS, "Add 3 and 4")
    await ask(llm, "chat_with_tools", [], "Add 3 and 4")
    offered, plain = bodies()
    assert [tool["function"]["name"] for tool in offered["tools"]] == ["add", "weather"]
    assert offered["tools"][0]["function"]["parameters"]["required"] == ["a", "b"]
    assert not {"tools", "tool_choice"} & plain.keys()


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({}, None),
        ({"tool_required": True}, "required"),
        ({"tool_choice": "auto"}, "auto"),
        ({"tool_choice": "any"}, "required"),
        ({"tool_choice": True}, "required"),
        ({"tool_choice": "none", "tool_required": True}, "none"),
        ({"tool_choice": "add"}, {"type": "function", "function": {"name": "add"}}),
    ],
)
def test_a_choice_is_sent_as_the_service_takes_it(server, bodies, options, sent):
    """A name stands for that tool; a choice that is given wins over `tool_required`."""
    server.chat.replies("No.")
    llm = ImagineLLM(endpoint=server.endpoint, api_key=server.api_key)
    llm.chat_with_tools(TOOLS, "Add 3 and 4", **options)
    llm.close()
    assert bodies()[0].get("tool_choice") == sent


async def test_a_tool_that_is_not_there_cannot_be_chosen(make, ask, server):
    """The message has the tools there are, and nothing is sent."""
    with pytest.raises(ValueError, match=r"tool_choice must be .* \['add', 'weather'\], not 'ad'"):
        await ask(make(ImagineLLM), "chat_with_tools", TOOLS, "Add 3 and 4", tool_choice="ad")
    assert server.requests == []


@pytest.mark.parametrize(("several", "kept"), [(False, ["add"]), (True, ["add", "weather"])])
async def test_one_call_is_kept_unless_several_are_allowed(make, ask, server, several, kept):
    """LlamaIndex fails on two where it allowed one."""
    server.chat.replies(Reply(tool_calls=[ADD, WEATHER]))
    llm = make(ImagineLLM)
    response = await ask(llm, "chat_with_tools", TOOLS, "Both!", allow_parallel_tool_calls=several)
    assert [call.tool_name for call in llm.get_tool_calls_from_response(response)] == kept
    assert [call["function"]["name"] for call in response.message.additional_kwargs["tool_calls"]] == kept


async def test_a_call_goes_back_as_it_came(make, ask, server, bodies):
    """What the model asked for and what came of it are told by their ids."""
    server.chat.replies(Reply(tool_calls=[ADD]), "7")
    llm = make(ImagineLLM)
    asked = (await ask(llm, "chat", [ChatMessage(content="Add 3 and 4")])).message
    [call] = asked.additional_kwargs["tool_calls"]
    result = ChatMessage(role="tool", content="7", additional_kwargs={"tool_call_id": call["id"]})
    await ask(llm, "chat", [ChatMessage(content="Add 3 and 4"), asked, result])
    _, sent, told = bodies()[-1]["messages"]
    assert (sent["content"], sent["tool_calls"]) == (None, [call])
    assert told == {"role": "tool", "content": "7", "tool_call_id": call["id"]}


async def test_calls_without_ids_get_some(make, ask, server):
    """Otherwise the results of two could not be told apart."""
    calls = [{"type": "function", "function": {"name": "add", "arguments": {"a": n, "b": n}}} for n in range(2)]
    message = {"role": "assistant", "content": None, "tool_calls": calls}
    server.faults.script([json_answer({"choices": [{"message": message, "finish_reason": "tool_calls"}]})])
    llm = make(ImagineLLM)
    found = llm.get_tool_calls_from_response(await ask(llm, "chat", [ChatMessage(content="Add")]))
    assert [(call.tool_id, call.tool_kwargs["a"]) for call in found] == [("call_0", 0), ("call_1", 1)]


async def test_arguments_grow_while_they_are_streamed(make, ask, server):
    """Each response has the call with as much of its arguments as came; the last has all."""
    server.chat.replies(Reply(tool_calls=[("weather", '{"city": "Oslo", "days": 3}')]))
    llm = make(ImagineLLM)
    pieces = await ask(llm, "stream_chat_with_tools", TOOLS, "The weather?")
    seen = [llm.get_tool_calls_from_response(piece, error_on_no_tool_call=False) for piece in pieces]
    sizes = [len(call.tool_kwargs) for [call] in filter(None, seen)]
    assert sizes == sorted(sizes)
    assert seen[-1][0].tool_kwargs == {"city": "Oslo", "days": 3}


@pytest.mark.parametrize("name", ["chat_with_tools", "stream_chat_with_tools"])
async def test_a_call_that_was_cut_is_not_run(make, ask, server, name):
    """Arguments that are no JSON object raise an error, which shows them."""
    server.chat.replies(Reply(tool_calls=[("weather", '{"city": "Os')], finish_reason="length"))
    llm = make(ImagineLLM)
    found = await ask(llm, name, TOOLS, "The weather?")
    with pytest.raises(ImagineDecodeException, match=r"'weather' .* '\{\"city\": \"Os'; .* max_tokens"):
        llm.get_tool_calls_from_response(found[-1] if isinstance(found, list) else found)


async def test_a_stream_without_a_finish_reason_tells_its_end(make, ask, server):
    """Its last response counts as whole, so that a cut call is seen there, too."""
    function = {"name": "weather", "arguments": '{"city": "Os'}
    delta = {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": function}]}
    server.faults.script([events({"choices": [{"index": 0, "delta": delta}]}, b"[DONE]")])
    llm = make(ImagineLLM)
    *_, last = await ask(llm, "stream_chat", [ChatMessage(content="The weather?")])
    assert (last.delta, last.additional_kwargs["finish_reason"]) == ("", None)
    with pytest.raises(ImagineDecodeException):
        llm.get_tool_calls_from_response(last)


async def test_no_call_is_an_error_where_one_is_needed(make, ask, server):
    """It says what the model said instead."""
    server.chat.replies("I would rather not.")
    llm = make(ImagineLLM)
    response = await ask(llm, "chat_with_tools", TOOLS, "Add 3 and 4")
    with pytest.raises(ValueError, match="'I would rather not"):
        llm.get_tool_calls_from_response(response)
    assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []


async def test_structured_prediction_makes_objects(make, ask, server):
    """The object comes of a forced call of a tool; a stream ends with the whole of it."""
    song = Reply(tool_calls=[("Song", {"title": "Rain", "year": 1966})])
    server.chat.replies(song, song)
    llm = make(ImagineLLM)
    assert await ask(llm, "structured_predict", Song, SONG, what="rain") == Song(title="Rain", year=1966)
    parts = await ask(llm, "stream_structured_predict", Song, SONG, what="rain")
    assert parts[-1] == Song(title="Rain", year=1966)
    assert server.chat.requests[0].tool_choice == "required"


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agent_runs_two_tools(make, server, streaming):
    """It calls both, tells the model what came of them, and answers."""
    server.chat.replies(Reply(tool_calls=[ADD]), Reply(tool_calls=[WEATHER]), "7, and rain.")
    agent = FunctionAgent(tools=TOOLS, llm=make(ImagineLLM), streaming=streaming)
    output = await agent.run("Add 3 and 4; and the weather in Oslo?")
    assert str(output) == "7, and rain."
    told = [message.content for message in server.chat.last.messages if message.role == "tool"]
    assert told == ["7", "rain in Oslo"]


async def test_an_agent_runs_no_call_that_was_cut(make, server):
    """The agent ends with the error."""
    ran = []
    server.chat.replies(Reply(tool_calls=[("remove", '{"path": "/home/')], finish_reason="length"))

    def remove(path: str = "/") -> None:
        """Remove a folder."""
        ran.append(path)

    agent = FunctionAgent(tools=[remove], llm=make(ImagineLLM))
    with pytest.raises(ImagineDecodeException):
        await agent.run("Remove it")
    assert ran == []
