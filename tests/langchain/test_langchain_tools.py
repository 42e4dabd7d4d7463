"""Tools that a chat model is given, and answers in the form of a schema."""

from __future__ import annotations

import json
from typing import TypedDict

import pytest
from langchain.agents import create_agent
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import HumanMessage
from pydantic import BaseModel
from pydantic.v1 import BaseModel as OldModel

from imagine.server import Reply

pytestmark = pytest.mark.anyio

METHODS = ["function_calling", "json_schema", "json_mode"]


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"Rain in {city}"


def clock() -> str:
    """Tell the time."""
    return "Noon"


NAMED = {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        *(("any", "required"), (True, "required"), ("required", "required"), ("auto", "auto"), ("none", "none")),
        *(("weather", NAMED), (NAMED, NAMED), (None, None)),
    ],
)
async def test_a_choice_of_tools_is_sent_in_the_services_words(chat, server, invoke, choice, sent):
    """LangChain's words for a choice become the service's; None sends none."""
    await invoke(chat.bind_tools([weather, clock], tool_choice=choice), "What is the weather in Oslo?")
    body = server.requests[-1].json
    assert [tool["function"]["name"] for tool in body["tools"]] == ["weather", "clock"]
    assert body.get("tool_choice") == sent


def test_a_choice_that_is_none_of_the_tools_is_refused(chat):
    """The error names the choice and the tools."""
    with pytest.raises(ValueError, match="tool_choice= 'wether' is none of the tools 'weather', 'clock'"):
        chat.bind_tools([weather, clock], tool_choice="wether")


@pytest.mark.parametrize("strict", [None, True, False])
async def test_strictness_goes_into_each_function(chat, server, invoke, strict):
    """`strict` is sent where it is given, with the function."""
    await invoke(chat.bind_tools([weather], strict=strict), "Hello")
    [tool] = server.requests[-1].json["tools"]
    assert tool["function"].get("strict") is strict


async def test_no_tools_are_not_sent(chat, server, invoke):
    """An empty list, which services refuse, is left out."""
    await invoke(chat.bind_tools([], tool_choice="any", parallel_tool_calls=None), "Hello")
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(server.requests[-1].json)


async def test_an_agent_runs_tools_until_the_model_answers(chat, server, invoke):
    """The agent's tools are run, both at once, and their results sent under the ids of their calls."""
    server.chat.replies(Reply(tool_calls=[("weather", {"city": "Oslo"}), ("clock", {})]), "Rain at noon.")
    state = await invoke(create_agent(chat, [weather, clock]), {"messages": [HumanMessage("Oslo?")]})
    assert state["messages"][-1].text == "Rain at noon."
    _, asked, *results = server.requests[-1].json["messages"]
    assert [result["content"] for result in results] == ["Rain in Oslo", "Noon"]
    assert [result["tool_call_id"] for result in results] == [call["id"] for call in asked["tool_calls"]]


class Trip(BaseModel):
    """A journey."""

    city: str
    days: int


@pytest.mark.parametrize("tools", [[], [weather]])
async def test_an_agent_answers_in_the_form_of_a_schema(chat, server, invoke, tools):
    """By the model's profile the agent asks for JSON of the schema, beside its tools."""
    server.chat.replies(json.dumps(VALUE))
    state = await invoke(create_agent(chat, tools, response_format=Trip), {"messages": [HumanMessage("A trip")]})
    assert state["structured_response"] == Trip(**VALUE)
    assert server.requests[-1].json["response_format"]["json_schema"]["name"] == "Trip"


class OldTrip(OldModel):
    """A journey."""

    city: str
    days: int


class DictTrip(TypedDict):
    """A journey."""

    city: str
    days: int


VALUE = {"city": "Oslo", "days": 2}


def reply(method, value=VALUE):
    """What the service answers by a method."""
    text = value if isinstance(value, str) else json.dumps(value)
    return Reply(tool_calls=[("Trip", text)]) if method == "function_calling" else Reply(text)


@pytest.mark.parametrize("strict", [None, True, False])
@pytest.mark.parametrize("method", METHODS[:2])
@pytest.mark.parametrize("schema", [Trip, OldTrip, DictTrip, Trip.model_json_schema()])
async def test_answers_have_the_form_of_a_schema(chat, server, invoke, schema, method, strict):
    """Classes of pydantic, of either version, give their instances; other schemas give dicts."""
    name = schema["title"] if isinstance(schema, dict) else schema.__name__
    text = json.dumps(VALUE)
    server.chat.replies(Reply(tool_calls=[(name, text)]) if method == "function_calling" else text)
    found = await invoke(chat.with_structured_output(schema, method=method, strict=strict), "Two days in Oslo")
    assert (found if isinstance(found, dict) else found.dict() if schema is OldTrip else found.model_dump()) == VALUE
    body = server.requests[-1].json
    form = body["tools"][0]["function"] if "tools" in body else body["response_format"]["json_schema"]
    assert (form["name"], form.get("strict")) == (name, strict)


@pytest.mark.parametrize("schema", [Trip, None])
async def test_json_mode_asks_for_json(chat, server, invoke, schema):
    """The prompt tells the form; without a schema any object is taken."""
    server.chat.replies(reply("json_mode"))
    found = await invoke(chat.with_structured_output(schema, method="json_mode"), "A trip")
    assert dict(found) == VALUE
    assert server.requests[-1].json["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("schema", "options", "told"),
    [
        (Trip, {"method": "xml"}, "method= 'xml' is none of function_calling, json_schema, json_mode"),
        (None, {}, "schema= must be given with method='function_calling'"),
        (None, {"method": "json_schema"}, "schema= must be given with method='json_schema'"),
        (Trip, {"method": "json_mode", "strict": True}, "strict= has no meaning with method='json_mode'"),
    ],
)
def test_what_makes_no_sense_is_refused(chat, schema, options, told):
    """The error names the argument."""
    with pytest.raises(ValueError, match=told):
        chat.with_structured_output(schema, **options)


@pytest.mark.parametrize("method", METHODS)
async def test_what_does_not_fit_is_told(chat, server, invoke, method):
    """It is raised, or with `include_raw` stands beside the answer as it came."""
    asked = [chat.with_structured_output(Trip, method=method, include_raw=raw) for raw in (False, True)]
    server.chat.replies(*[reply(method, {"city": "Oslo"})] * 2)
    with pytest.raises((OutputParserException, ValueError), match="days"):
        await invoke(asked[0], "A trip")
    found = await invoke(asked[1], "A trip")
    assert (found["parsed"], found["raw"].response_metadata["model_name"]) == (None, "Llama-3.1-8B")
    assert "days" in str(found["parsing_error"])


@pytest.mark.parametrize("method", METHODS)
async def test_what_fits_stands_beside_the_answer(chat, server, invoke, method):
    """With `include_raw` there is the answer as it came, what was made of it, and no error."""
    server.chat.replies(reply(method))
    found = await invoke(chat.with_structured_output(Trip, method=method, include_raw=True), "A trip")
    assert (found["parsed"], found["parsing_error"]) == (Trip(**VALUE), None)


async def test_dicts_grow_in_a_stream(chat, server, streamed):
    """Of a schema that is no class, a stream shows the members as they come."""
    server.chat.replies(Reply(chunks=['{"city": "Os', 'lo", "days"', ": 2}"]))
    chain = chat.with_structured_output(Trip.model_json_schema(), method="json_schema")
    found = await streamed(chain, "A trip")
    assert found[0] != VALUE
    assert found[-1] == VALUE
