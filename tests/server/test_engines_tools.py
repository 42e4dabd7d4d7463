from __future__ import annotations

import json

import pytest

from imagine.server.engines import NgramTextEngine
from imagine.types.chat_completions import ChatCompletionRequest, ChatMessage, FunctionTool, Tools

ENGINE = NgramTextEngine()
WEATHER = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "unit": {"enum": ["celsius", "fahrenheit"]},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
    },
    "required": ["city"],
}


def tool(name, description=None, parameters=None):
    return Tools(type="function", function=FunctionTool(name=name, description=description, parameters=parameters))


TOOLS = [
    tool("get_weather", "Tell the weather of a place", WEATHER),
    tool("sendMail", "Write to somebody, with a subject and a body"),
]
LAST_IS_TOOL = [ChatMessage(role="user", content="The weather?"), ChatMessage(role="tool", content="Sunny")]


def request(content="Tell me a joke", **options):
    options = {"messages": [ChatMessage(role="user", content=content)], "tools": TOOLS, **options}
    return ChatCompletionRequest(model="m", stream=False, **options)


def called(*args, **options):
    return [(call.type, call.function.name) for call in ENGINE.tool_calls(request(*args, **options))]


def named(name):
    return {"type": "function", "function": {"name": name}}


@pytest.mark.parametrize(
    ("content", "options", "name"),
    [
        ("What's the Weather like?", {}, "get_weather"),
        ("What's the weather like?", {"tool_choice": "auto"}, "get_weather"),
        ("Please mail it", {}, "sendMail"),
        ("The subject is cats, the body is empty", {}, "sendMail"),
        ("One subject only", {}, None),
        ("Tell me a joke", {}, None),
        ("What's the weather like?", {"tools": None}, None),
        ("What's the weather like?", {"tool_choice": "none"}, None),
        ("Any subject", {"tool_choice": "required"}, "sendMail"),
        ("Tell me a joke", {"tool_choice": "required"}, "get_weather"),
        ("Tell me a joke", {"tool_choice": named("sendMail")}, "sendMail"),
        ("", {"messages": LAST_IS_TOOL}, None),
    ],
)
def test_a_tool_is_called_when_it_is_asked_for(content, options, name):
    """A choice is followed; without one, the words that the message shares with the tool decide."""
    assert called(content, **options) == ([] if name is None else [("function", name)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tool_choice": "sometimes"}, "tool_choice must be"),
        ({"tool_choice": {"type": "function"}}, "tool_choice must look like"),
        ({"tool_choice": named("fly")}, "'fly'; the request's tools are: get_weather, sendMail"),
        ({"tool_choice": "required", "tools": []}, "needs at least one tool"),
    ],
)
def test_a_choice_that_cannot_be_followed_is_an_error(options, message):
    """The error says what tool_choice may be, or which tools there are."""
    with pytest.raises(ValueError, match=message):
        called(**options)


def test_equal_requests_get_the_same_call():
    """The id of a call too comes from the request alone."""
    first, again = (ENGINE.tool_calls(request("The weather in Oslo?")) for _ in range(2))
    assert first == again
    assert first[0].id != ENGINE.tool_calls(request("The weather in Rome?"))[0].id


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("How is the weather in New York?", {"city": "New York"}),
        ("Weather for city oslo, days: 3, fahrenheit", {"city": "oslo", "days": 3, "unit": "fahrenheit"}),
        ('The weather of "rome", days 30', {"city": "rome", "days": 1}),
        ("weather?", {"city": "weather?"}),
    ],
)
def test_arguments_come_from_the_message(content, arguments):
    """Named values, enum words, quoted texts and names of the message become arguments where they fit."""
    (call,) = ENGINE.tool_calls(request(content))
    assert json.loads(call.function.arguments) == arguments


def test_a_tool_without_parameters_is_called_with_an_empty_object():
    """Arguments are an object in every case."""
    (call,) = ENGINE.tool_calls(request(tool_choice=named("sendMail")))
    assert call.function.arguments == "{}"
