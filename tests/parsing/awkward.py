"""Awkward answers of models: what they say, the type that was asked for, and the value in it, or that there is none.

Plain data without a client, so that other tests and comparisons can use it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

from msgspec import Meta, Struct

__all__ = ["AWKWARD", "RAISES", "Awkward"]

RAISES: Any = object()
"""The answer has no value that is without doubt."""


@dataclass
class Person:
    """Two members that each answer has to have."""

    name: str
    age: int


@dataclass
class Settings:
    """Members that an answer may leave out, which is no licence to make them up."""

    host: str = "localhost"
    port: int = 80
    tags: list[str] = field(default_factory=list)


class Node(Struct):
    """A tree: a part of it would fit where the whole was cut."""

    value: int
    child: Node | None = None


class Cat(Struct, tag=True):
    """One of two kinds."""

    lives: int


class Dog(Struct, tag=True):
    """The other."""

    good: bool


class Film(TypedDict):
    """A class for checkers alone."""

    title: str
    year: int


class Point(NamedTuple):
    """A list in JSON."""

    x: float
    y: float


class Mood(Enum):
    """Options."""

    happy = "happy"
    very_sad = "very sad"


class Team(Struct):
    """Classes inside of a class."""

    lead: Person
    mood: Mood
    members: list[Person] = []


Colour = Literal["red", "green", "dark green"]
Percent = Annotated[int, Meta(ge=0, le=100)]


class Awkward(NamedTuple):
    """An answer, and what is in it."""

    name: str
    text: str
    kind: Any
    value: Any
    calls: tuple[tuple[str, str], ...] = ()
    """Tool calls beside the text: name and arguments."""
    finish_reason: str | None = None

    @property
    def has_value(self) -> bool:
        return self.value is not RAISES


ANN = Person("Ann", 41)
PLAIN = '{"name": "Ann", "age": 41}'

AWKWARD = [
    # Where the JSON is.
    Awkward("plain", PLAIN, Person, ANN),
    Awkward("blanks around it", f" \n\t{PLAIN}\n\n", Person, ANN),
    Awkward("fenced", f"```json\n{PLAIN}\n```", Person, ANN),
    Awkward("fenced without a language", f"```\n{PLAIN}\n```", Person, ANN),
    Awkward("fenced with sentences", f"Sure!\n\n```json\n{PLAIN}\n```\nAnything else?", Person, ANN),
    Awkward("fence that is not closed", f"```json\n{PLAIN}\n", Person, ANN),
    Awkward("narrated", f"Here's what I found: {PLAIN}. It's all there.", Person, ANN),
    Awkward("narrated with braces", f"With {{braces}} and [1]: {PLAIN} (see {{x}})", Person, ANN),
    Awkward("narrated with an open brace", f"I open {{ and then: {PLAIN}", Person, ANN),
    Awkward("narrated with an apostrophe and a quote", f"It's \"so: {PLAIN}", Person, ANN),
    Awkward("thought before", f'<think>{{"name": "Bob", "age": 1}}?</think>{PLAIN}', Person, ANN),
    Awkward("thought, and only its end sent", f'Maybe {{"name": "Bob", "age": 1}}</think>\n{PLAIN}', Person, ANN),
    Awkward("thought that never ends", f"<think>{PLAIN}", Person, RAISES),
    Awkward(
        "fence in a text of the JSON", '{"name": "```py\\n{}\\n```", "age": 41}', Person, Person("```py\n{}\n```", 41)
    ),
    Awkward("braces in a text of the JSON", 'So: {"name": "}{ \\"]", "age": 41}', Person, Person('}{ "]', 41)),
    Awkward("think tags in a text of the JSON", '{"name": "</think>", "age": 41}', Person, Person("</think>", 41)),
    Awkward("two objects, and one fits", f'First {{"city": "Oslo"}}, then {PLAIN}', Person, ANN),
    Awkward("two that fit: the first", f'{PLAIN} or {{"name": "Bob", "age": 1}}', Person, ANN),
    Awkward("the fenced one before the others", f'Not {{"name": "Bob", "age": 1}} but\n```\n{PLAIN}\n```', Person, ANN),
    Awkward("encoded twice", '"{\\"name\\": \\"Ann\\", \\"age\\": 41}"', Person, ANN),
    # Tool calls.
    Awkward("a call", "", Person, ANN, (("Person", PLAIN),)),
    Awkward("a call of another name", "", Person, ANN, (("extract", PLAIN),)),
    Awkward("a call that nobody offered beside a text", "Let me see", Person, ANN, (("look", PLAIN),)),
    Awkward("a call without arguments, and a text", PLAIN, Person, ANN, (("Person", ""),)),
    Awkward("a call whose arguments are encoded twice", "", Person, ANN, (("Person", f"{PLAIN!r}"),)),
    Awkward("the second of two calls fits", "", Person, ANN, (("think", '{"of": "it"}'), ("Person", PLAIN))),
    Awkward("a call as a text", f'{{"name": "Person", "arguments": {PLAIN}}}', Person, ANN),
    Awkward(
        "a call as a text, with parameters",
        f'{{"type": "function", "name": "Person", "parameters": {PLAIN}}}',
        Person,
        ANN,
    ),
    Awkward("a call as a text, all of it", f'{{"function": {{"name": "Person", "arguments": {PLAIN}}}}}', Person, ANN),
    Awkward("a wrapped list in a call", "", list[int], [1, 2], (("list_int", '{"value": [1, 2]}'),)),
    Awkward("a wrapped list, encoded twice", "", list[int], [1, 2], (("list_int", '{"value": "[1, 2]"}'),)),
    Awkward("a call for each item", "", list[Person], RAISES, (("list_Person", PLAIN), ("list_Person", PLAIN))),
    # Slips in the JSON.
    Awkward("byte order mark", f"\ufeff{PLAIN}", Person, ANN),
    Awkward("single quotes", "{'name': 'Ann', 'age': 41}", Person, ANN),
    Awkward("single quotes and an apostrophe", """{'name': "O'Neil", 'age': 41}""", Person, Person("O'Neil", 41)),
    Awkward("curly quotes", "{\u201cname\u201d: \u201cAnn\u201d, \u201cage\u201d: 41}", Person, ANN),
    Awkward("bare keys", '{name: "Ann", age: 41}', Person, ANN),
    Awkward("commas at the ends", '{"tags": ["a", "b",], "port": 1,}', Settings, Settings(port=1, tags=["a", "b"])),
    Awkward("comments", '{\n  "name": "Ann", // the {name}\n  /* "x": */ "age": 41 # years\n}', Person, ANN),
    Awkward(
        "Python's words",
        '{"a": True, "b": None, "c": False}',
        dict[str, bool | None],
        {"a": True, "b": None, "c": False},
    ),
    Awkward("NaN", '{"x": 1.5, "y": NaN}', dict[str, float | None], {"x": 1.5, "y": None}),
    Awkward("a line break in a text", '{"name": "Ann\nLee", "age": 41}', Person, Person("Ann\nLee", 41)),
    Awkward("a missing comma", '{"name": "Ann" "age": 41}', Person, RAISES),
    Awkward("quotes in a text", '{"name": "Ann "the boss" Lee", "age": 41}', Person, RAISES),
    Awkward("nested too deeply", "[" * 50_000 + "]" * 50_000, list[Any], RAISES),
    # What was cut.
    Awkward("cut", '{"name": "Ann", "ag', Person, RAISES, finish_reason="length"),
    Awkward("cut, and a part would fit", '{"value": 1, "child": {"value": 2}', Node, RAISES, finish_reason="length"),
    Awkward("cut, and nobody says so", '{"value": 1, "child": {"value": 2}', Node, RAISES),
    Awkward("cut behind the value", f"{PLAIN} I chose this bec", Person, ANN, finish_reason="length"),
    Awkward("cut in a call", "", Person, RAISES, (("Person", '{"name": "Ann", "age": 4'),), "length"),
    Awkward("cut in a number", "4", int, RAISES, finish_reason="length"),
    Awkward("cut in a sentence with a number", "It is 4", int, RAISES, finish_reason="length"),
    Awkward("cut in a list of records", f"[{PLAIN}, {PLAIN}, {{", list[Person], RAISES, finish_reason="length"),
    Awkward("cut behind a note", "See [1]: [1, 2", list[int], RAISES, finish_reason="length"),
    Awkward("not complete behind a note", "See [1]: [1, 2", list[int], RAISES),
    Awkward("two closers are missing", '{"lead": {"name": "Ann", "age": 41', Team, RAISES),
    # What does not quite fit.
    Awkward("a number as a text", '{"name": "Ann", "age": "41"}', Person, ANN),
    Awkward("null for a default", '{"host": null, "port": 8080}', Settings, Settings(port=8080)),
    Awkward("wrapped in value", f'{{"value": {PLAIN}}}', Person, ANN),
    Awkward("wrapped in its class", f'{{"Person": {PLAIN}}}', Person, ANN),
    Awkward("wrapped in its class, where all may be left out", '{"settings": {"port": 1}}', Settings, Settings(port=1)),
    Awkward("one in a list", f"[{PLAIN}]", Person, ANN),
    Awkward("two in a list for one", f"[{PLAIN}, {PLAIN}]", Person, RAISES),
    Awkward("an object for a list of one", PLAIN, list[Person], [ANN]),
    Awkward("a list with a name", f'{{"people": [{PLAIN}]}}', list[Person], [ANN]),
    Awkward("lines of JSON for a list", f"{PLAIN}\n{PLAIN}", list[Person], RAISES),
    Awkward("names in another case", '{"Name": "Ann", "AGE": 41}', Person, ANN),
    Awkward(
        "names and options in another case inside",
        '{"lead": {"Name": "Ann", "Age": "41"}, "Mood": "Very-Sad"}',
        Team,
        Team(ANN, Mood.very_sad),
    ),
    Awkward("a name in another case, where it may be left out", '{"HOST": "a", "port": 1}', Settings, Settings("a", 1)),
    Awkward("an option in another case", '{"value": "Dark Green"}', Colour, "dark green"),
    Awkward("members that nobody asked for", '{"name": "Ann", "age": 41, "mood": "fine"}', Person, ANN),
    Awkward("none of the members", '{"error": "I cannot"}', Settings, RAISES),
    Awkward("a member is missing", '{"name": "Ann"}', Person, RAISES),
    Awkward("a word for a number", '{"name": "Ann", "age": "old"}', Person, RAISES),
    Awkward("out of bounds", "101", Percent, RAISES),
    Awkward("the schema came back", '{"type": "object", "properties": {"name": {"type": "string"}}}', Person, RAISES),
    Awkward(
        "the schema came back, where all may be left out", '{"type": "object", "properties": {}}', Settings, RAISES
    ),
    # No JSON.
    Awkward("empty", "", Person, RAISES),
    Awkward("prose", "I'm sorry, I can't do that.", Person, RAISES),
    Awkward("empty braces in prose", "Use {} for none.", Settings, RAISES),
    Awkward("empty braces alone", "{}", Settings, Settings()),
    # Texts, numbers and options.
    Awkward("a number", "42", int, 42),
    Awkward("a number in a sentence", "The answer is 42.", int, 42),
    Awkward("a number with thousands", "About 1,234,567 people", int, 1_234_567),
    Awkward("two numbers", "Either 41 or 42", int, RAISES),
    Awkward("a date for a number", "It was 2024-01-05", int, RAISES),
    Awkward("an option in a sentence", "I would call it **Red**.", Colour, "red"),
    Awkward("a longer option in a sentence", "It is dark green.", Colour, "dark green"),
    Awkward("two options", "red, or else green", Colour, RAISES),
    Awkward("no option", "It is blue.", Colour, RAISES),
    Awkward("an option in quotes", '"red"', Colour, "red"),
    Awkward("an enum in a sentence", "Mood: Very sad!", Mood, Mood.very_sad),
    Awkward("a number of some", "2", Literal[1, 2, 3], 2),
    Awkward("a truth of Python", "True", bool, True),
    Awkward("a text", "It's {so} [1].", str, "It's {so} [1]."),
    Awkward("a text in JSON", '{"value": "so"}', str, "so"),
    Awkward("wrapped as asked, where it could be either", '{"value": 3}', dict[str, int] | int, 3),
    Awkward("nothing", '{"value": null}', int | None, None),
    # Other types.
    Awkward("a typed dict", '{"title": "Ran", "year": "1985"}', Film, {"title": "Ran", "year": 1985}),
    Awkward("a named tuple", "[1, 2.5]", Point, Point(1, 2.5)),
    Awkward("a tree", '{"value": 1, "child": {"VALUE": 2}}', Node, Node(1, Node(2))),
    Awkward("one of two kinds", '{"type": "Dog", "good": true}', Cat | Dog, Dog(good=True)),
    Awkward(
        "kinds in a list",
        '[{"type": "Cat", "Lives": 9}, {"type": "Dog", "good": true}]',
        list[Cat | Dog],
        [Cat(9), Dog(good=True)],
    ),
    Awkward("a kind that there is not", '{"type": "Cow"}', Cat | Dog, RAISES),
    Awkward("numbers by name", '{"a": "1", "b": 2}', dict[str, int], {"a": 1, "b": 2}),
    Awkward("an empty list", "[]", list[Person], []),
]
