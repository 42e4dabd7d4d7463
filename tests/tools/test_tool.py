"""One tool: what is said of it, what is read of a model's arguments, what is told of its results."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import functools
import json
import re
import subprocess
import sys
from typing import Annotated, Literal

import msgspec
import numpy as np
import pydantic
import pytest

from imagine import Tool, ToolArgumentsError, Tools, tool
from imagine._schema.content import content_of
from imagine._schema.example import example

HELLO = [{"role": "user", "content": "Hello!"}]


class Unit(enum.Enum):
    C = "c"
    F = "f"


class Span(msgspec.Struct):
    first: datetime.date
    last: datetime.date | None = None


class Guest(pydantic.BaseModel):
    name: str
    age: int = 18


@tool
def weather(  # noqa: D417 - the others are told by their hints
    city: str,
    unit: Unit = Unit.C,
    days: Annotated[int, msgspec.Meta(ge=1), "How many days."] = 1,
    span: Span | None = None,
    tags: list[str] = None,  # noqa: RUF013 - as many write it
) -> str:
    """Tell the weather.

    Args:
        city: Its English
            name.
        unit: Of the temperature.

    Returns:
        A sentence.
    """
    return f"{city} {unit.value} {days}"


SCHEMA = {
    "type": "object",
    "properties": {
        "city": {"description": "Its English name.", "type": "string"},
        "unit": {
            "description": "Of the temperature.",
            "title": "Unit",
            "type": "string",
            "enum": ["c", "f"],
            "default": "c",
        },
        "days": {"description": "How many days.", "type": "integer", "minimum": 1, "default": 1},
        "span": {
            "anyOf": [
                {
                    "title": "Span",
                    "type": "object",
                    "properties": {
                        "first": {"type": "string", "format": "date"},
                        "last": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None},
                    },
                    "required": ["first"],
                },
                {"type": "null"},
            ],
            "default": None,
        },
        "tags": {"type": "array", "items": {"type": "string"}},
    },
    "additionalProperties": False,
    "required": ["city"],
}
OFFERED = {"type": "function", "function": {"name": "weather", "description": "Tell the weather."}}
OFFERED["function"]["parameters"] = SCHEMA


def test_a_function_is_told_by_its_hints_and_docstring():
    """Types, bounds, defaults and the texts of parameters stand in one schema without references."""
    assert (weather.name, weather.description, weather.timeout) == ("weather", "Tell the weather.", None)
    assert weather.parameters == SCHEMA
    assert weather.offer() == msgspec.convert(OFFERED, Tools)


def test_a_tool_is_still_the_function():
    """It is called as before, and has the function's name and docstring."""
    assert weather("Oslo", days=2) == "Oslo c 2"
    assert (weather.__name__, repr(weather)) == ("weather", "<Tool weather(city, unit, days, span, tags)>")
    assert weather.__doc__ == weather.function.__doc__


def test_what_is_said_can_be_said_otherwise():
    """Name, description and timeout are those that are given; a tool made of a tool keeps what is not."""

    @tool(name="wetter", description="Sagt das Wetter.", timeout=5)
    def plain(city: str) -> str:
        return city

    again = Tool(plain, name="again")
    assert (plain.name, plain.description, plain.timeout) == ("wetter", "Sagt das Wetter.", 5.0)
    assert (again.name, again.description, again.timeout) == ("again", "Sagt das Wetter.", 5.0)
    assert (Tool(plain, timeout=9).name, Tool(plain, timeout=9).timeout, again("Oslo")) == ("wetter", 9.0, "Oslo")


class Station:
    """A station."""

    def read(self, place: str) -> str:
        """Read it."""
        return place

    async def __call__(self, place: str) -> str:
        """Call it."""
        return place


def convert(amount: float, source: str, target: Literal["USD", "EUR"]) -> float:
    """Convert money."""
    return amount


class Counted:
    """Counts calls."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.count = 0

    def __call__(self, *args, **kwargs):
        self.count += 1
        return self.__wrapped__(*args, **kwargs)


@pytest.mark.parametrize(
    ("function", "name", "description", "parameters", "is_async"),
    [
        (Station().read, "read", "Read it.", ["place"], False),
        (Station(), "Station", "Call it.", ["place"], True),
        (functools.partial(convert, 1.0, target="EUR"), "convert", "Convert money.", ["source"], False),
        (Counted(convert), "convert", "Convert money.", ["amount", "source", "target"], False),
        (functools.cache(convert), "convert", "Convert money.", ["amount", "source", "target"], False),
        (functools.partial(Station().read), "read", "Read it.", ["place"], False),
    ],
)
def test_a_tool_is_whatever_can_be_called(function, name, description, parameters, is_async):
    """Of methods, objects, partials and what decorators make, the model is told what is left to give."""
    made = Tool(function)
    assert (made.name, made.description, made.is_async) == (name, description, is_async)
    assert list(made.parameters["properties"]) == parameters


@pytest.mark.parametrize(
    ("arguments", "values"),
    [
        ('{"city": "Oslo"}', {"city": "Oslo"}),
        ('{"city": "Oslo", "unit": "f", "days": "3"}', {"city": "Oslo", "unit": Unit.F, "days": 3}),
        ('{"city": "Oslo", "span": {"first": "2026-01-31"}}',
         {"city": "Oslo", "span": Span(datetime.date(2026, 1, 31))}),
        ('{"city": "Oslo", "span": null, "tags": null}', {"city": "Oslo", "span": None}),
        ('"{\\"city\\": \\"Oslo\\"}"', {"city": "Oslo"}),
        ("{'city': 'Oslo', 'days': 2,}", {"city": "Oslo", "days": 2}),
        ('```json\n{"city": "Oslo"}\n```', {"city": "Oslo"}),
    ],
)  # fmt: skip
def test_arguments_come_as_the_function_takes_them(arguments, values):
    """JSON, JSON in JSON and JSON with slips; what was left out, or is null and may not be, is left to the default."""
    assert weather.values(arguments) == values


@pytest.mark.parametrize("arguments", ["", " ", "null", "{}", '""', '"{}"'])
def test_no_arguments_are_none(arguments):
    """A function without required parameters can be called with nothing at all."""

    def now(zone: str = "UTC") -> str:
        return zone

    assert Tool(now).values(arguments) == {}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ('{"city": 1, "unit": "k", "days": 0, "dayz": 2, "place": 3}',
         ["city: Expected `str`, got `int`", "unit: Invalid enum value 'k'; expected one of 'c', 'f'",
          "days: Expected `int` >= 1", "dayz: there is no such argument; did you mean days?",
          "place: there is no such argument; there are: city, unit, days, span, tags"]),
        ('{"span": {"first": "31.1.2026"}}',
         ["city: it is missing; expected string", "span: Invalid RFC3339 encoded date - at `$.first`"]),
        ("null", ["city: it is missing; expected string"]),
        ('["Oslo"]', ["expected an object, got `list`"]),
        ('"Oslo"', ["this is no JSON"]),
        ('{"city": "Os', ["this is no JSON"]),
        ("[" * 100_000, ["this is no JSON"]),
        ('{"city": "Oslo", "days": 1e999}', ["the arguments do not fit weather: "]),
    ],
)  # fmt: skip
def test_all_misfits_are_told_at_once(arguments, told):
    """Each names the argument, says what was expected, and what is near."""
    with pytest.raises(ToolArgumentsError) as caught:
        weather.values(arguments)
    assert str(caught.value).startswith("the arguments do not fit weather: ")
    assert [part for part in told if part not in str(caught.value)] == []


def test_the_schema_and_the_reading_agree():
    """Arguments that are made by the schema alone are taken."""
    made = example({**weather.parameters, "required": list(weather.parameters["properties"])})
    assert weather.values(json.dumps(made)).keys() == weather.parameters["properties"].keys()


def test_a_default_that_json_has_no_form_for_is_not_told():
    """The function has it all the same."""

    def count(words: set[str] = frozenset({"a"})) -> int:
        return len(words)

    made = Tool(count)
    assert "default" not in made.parameters["properties"]["words"]
    assert (made.values('{"words": ["b", "b"]}'), made()) == ({"words": {"b"}}, 1)


def test_models_of_pydantic_are_arguments():
    """They are read by their own rules, and what is wrong is told with its place."""

    def invite(guests: list[Guest], tables: Annotated[int, pydantic.Field(ge=1, description="How many.")]) -> None:
        """Invite."""

    made = Tool(invite)
    assert made.parameters["properties"]["tables"] == {"description": "How many.", "minimum": 1, "type": "integer"}
    assert made.values('{"guests": [{"name": "Ann"}], "tables": 1}') == {"guests": [Guest(name="Ann")], "tables": 1}
    with pytest.raises(ToolArgumentsError) as caught:
        made.values('{"guests": [{"age": "old"}], "tables": 0}')
    assert "guests: Field required - at `$[0].name`" in str(caught.value)
    assert "tables: Input should be greater than or equal to 1, got `int`" in str(caught.value)


def unhinted(a):
    pass


def many(*cities: str):
    pass


def more(**options: str):
    pass


def by_place(city: str, /):
    pass


def unknown(city: NoSuchName):  # noqa: F821 - that is the point
    pass


def wrong(city: "str or"):  # noqa: F722 - that is the point
    pass


def odd(number: complex):
    pass


def numbers():
    yield 1


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (unhinted, "unhinted: its parameter a has no hint of its type; add one, such as `a: str`"),
        (Station.read, "read: its parameter self has no hint of its type; give the method of an instance"),
        (many, "many: its parameter cities takes any number of arguments"),
        (more, "more: its parameter options takes any number of arguments"),
        (by_place, "by_place: its parameter city takes no keyword"),
        (unknown, "unknown: the name NoSuchName in its hints cannot be looked up; import or define it at the top"),
        (wrong, "wrong: its hints cannot be looked up: Forward reference must be an expression -- got 'str or'"),
        (odd, "odd: its parameter number: complex has no JSON Schema"),
        (numbers, "numbers yields, and a tool returns"),
        (max, "max: its arguments cannot be looked up"),
        (Station, "a tool is a function, and Station is a class"),
        ("weather", "a tool is a function, Tool, Tools or dict, not str"),
    ],
)
def test_a_function_that_no_model_can_call_is_refused(function, told):
    """The error names function and parameter, and says what to do."""
    with pytest.raises(TypeError, match=re.escape(told)):
        Tool(function)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"name": "a b"}, r"name='a b': services take 1 to 64 letters"),
        ({"name": ""}, "name='': services take"),
        ({"timeout": 0}, "timeout must be more than 0 seconds"),
        ({"timeout": "5"}, "timeout must be a number of seconds, not str"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options, told):
    """The error names the option."""
    with pytest.raises((ValueError, TypeError), match=told):
        Tool(convert, **options)


@dataclasses.dataclass
class Point:
    x: int
    unit: Unit = Unit.C


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("as it is", "as it is"),
        (None, "null"),
        (3, "3"),
        (Unit.C, "c"),
        ([Unit.C], '["c"]'),
        (Point(1), '{"x":1,"unit":"c"}'),
        (Span(datetime.date(2026, 1, 31)), '{"first":"2026-01-31","last":null}'),
        ([Guest(name="Ann")], '[{"name":"Ann","age":18}]'),
        (np.arange(3), "[0,1,2]"),
        ({"at": np.float32(1.5)}, '{"at":1.5}'),
        (float("nan"), "nan"),
        (ValueError("odd"), '"odd"'),
        ({(1, 2): complex(1)}, '{"(1, 2)":"(1+0j)"}'),
        ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
        ("a\udcff.txt", "a\ufffd.txt"),
        (["\ud800"], "['\\ud800']"),
    ],
    ids=repr,
)
def test_a_result_is_told_as_text(value, content):
    """A str as it is, all else as JSON, and what JSON has no form for by `str()`."""
    assert content_of(value) == content


@pytest.mark.anyio
async def test_a_chat_offers_functions_and_tools_of_all_kinds(client, server):
    """Each is sent as its name, description and schema, and what is only described is sent as it is."""
    described = {"type": "function", "function": {"name": "here"}}
    await client.chat(HELLO, tools=[weather, convert, described, Tool(Station().read).offer()], max_tokens=5)
    sent = json.loads(server.requests[0].body)["tools"]
    assert (sent[0], sent[2]) == (OFFERED, described)
    assert [one["function"]["name"] for one in sent] == ["weather", "convert", "here", "read"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("tools", "told"),
    [
        ([weather, {"type": "function", "function": {"name": "weather"}}], "tools has two that are named 'weather'"),
        ([weather, 3], "tools[1]: a tool is a function, Tool, Tools or dict, not int"),
        ([convert, unhinted], "tools[1]: unhinted: its parameter a has no hint"),
        ([lambda: 1], "tools[0]: name='<lambda>': services take"),
        (weather, "tools must be a list of functions, Tool, Tools or dicts, not Tool"),
    ],
)
async def test_tools_that_cannot_be_offered_are_refused(client, server, tools, told):
    """The error names the tool by its place, and nothing is sent."""
    with pytest.raises((TypeError, ValueError), match=re.escape(told)):
        await client.chat(HELLO, tools=tools)
    assert server.requests == []


def test_a_chat_without_functions_loads_none_of_it():
    """What reads signatures is imported with the first function."""
    code = (
        "import sys\n"
        "from imagine._requests import chat_request\n"
        "offer = {'type': 'function', 'function': {'name': 'a'}}\n"
        "chat_request([{'role': 'user', 'content': 'a'}], 'm', [offer], None, None, {}, stream=False)\n"
        "print(*(name for name in sys.modules if name.startswith(('imagine._tool', 'imagine._schema'))))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""


class Yields:
    """Yield numbers."""

    async def __call__(self, number: int):
        """Yield one."""
        yield number


@pytest.mark.parametrize("function", [functools.partial(numbers, 3), Yields()])
def test_what_yields_is_refused_wherever_it_hides(function):
    """Also behind a partial, and as an object that is called."""
    with pytest.raises(TypeError, match=r"(numbers|Yields) yields, and a tool returns"):
        Tool(function)
