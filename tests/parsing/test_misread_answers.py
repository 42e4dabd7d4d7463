"""Answers that could be read as something they do not say: each is refused, or read as what it does say."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

import pytest
from awkward import ANN, PLAIN, RAISES, Awkward, Node, Person, Settings
from msgspec import Struct
from support.clients import HELLO

from imagine import ImagineParseException
from imagine._asking.ways import chat_keywords
from imagine._schema.target import target_of
from imagine.server import Reply

pytestmark = pytest.mark.anyio


class Book(Struct):
    """Members that a schema has, too."""

    title: str = ""
    type: str = ""


class Event(Struct):
    """Times, which are texts in JSON."""

    at: datetime
    takes: timedelta | None = None


class Price(Struct):
    """Numbers, exact and not."""

    exact: Decimal = Decimal(0)
    about: float = 0.0


CUT = f'{PLAIN}\n{{"name": "Bo'
ROWS = [
    # Objects without any of the members, where all of these have defaults.
    Awkward("an error for a list", '{"error": "I cannot"}', list[Settings], RAISES),
    Awkward("an error in a list", '[{"error": "I cannot"}]', list[Settings], RAISES),
    Awkward("an error for one or none", '{"error": "I cannot"}', Settings | None, RAISES),
    Awkward("an error by name", '{"error": {"message": "no"}}', dict[str, Settings], RAISES),
    Awkward("one of the members", '[{"error": "no", "port": 1}]', list[Settings], [Settings(port=1)]),
    Awkward("none of the members, as none were said", "[{}]", list[Settings], [Settings()]),
    # Numbers for times.
    Awkward("a year for a time", '{"at": 1984}', Event, RAISES),
    Awkward("a year as a text for a time", '{"at": "1984"}', Event, RAISES),
    Awkward("a number for a duration", '{"at": "2026-01-31T12:00:00", "takes": 90}', Event, RAISES),
    Awkward(
        "times as texts",
        '{"at": "2026-01-31T12:00:00", "takes": "PT90S"}',
        Event,
        Event(datetime(2026, 1, 31, 12), timedelta(seconds=90)),
    ),
    # Numbers as they are.
    Awkward("a long number", f'{{"name": "Ann", "age": {10**30 + 1}}}', Person, Person("Ann", 10**30 + 1)),
    Awkward("a fraction for a whole", '{"name": "Ann", "age": 3.7}', Person, RAISES),
    Awkward("a truth for a number", '{"name": "Ann", "age": true}', Person, RAISES),
    Awkward("more digits than a float has", '{"exact": 12345678901234567.89}', Price, RAISES),
    Awkward("as many digits as one has", '{"exact": 1234567.89}', Price, Price(Decimal("1234567.89"))),
    Awkward("digits in a text", '{"exact": "12345678901234567.89"}', Price, Price(Decimal("12345678901234567.89"))),
    Awkward("no number, in a text", '{"exact": "NaN"}', Price, RAISES),
    Awkward("an endless number, in a text", '{"about": "inf"}', Price, RAISES),
    # Twice the same member.
    Awkward("two values of a member", '{"name": "Ann", "name": "Bob", "age": 41}', Person, RAISES),
    Awkward("two values of a member, mended", "{'name': 'Ann', 'name': 'Bob', 'age': 41}", Person, RAISES),
    Awkward("twice the same value", '{"name": "Ann", "name": "Ann", "age": 41}', Person, ANN),
    # A part for the whole.
    Awkward("lines for a list, and the second is cut", CUT, list[Person], RAISES, finish_reason="length"),
    Awkward("lines for a list, and nobody says that it is cut", CUT, list[Person], RAISES),
    Awkward("lines for a list, and the second is no JSON", f'{PLAIN}\n{{"name": "B" "age": 1}}', list[Person], RAISES),
    Awkward("calls for a list, and the second is cut", "", list[Person], RAISES, (("a", PLAIN), ("a", PLAIN[:9]))),
    Awkward("cut behind bare keys", "{value: 1, child: {value: 2}", Node, RAISES),
    Awkward("cut behind a comment", '{ // a tree\n"value": 1, "child": {"value": 2}', Node, RAISES),
    Awkward("cut behind a word", '[true, {"a": 1}', list[Any], RAISES),
    Awkward("notes before it", f"{' '.join(f'[{number}]' for number in range(99))} {PLAIN}", Person, ANN),
    # Thoughts.
    Awkward("thought twice", f'<think>so</think>\n<think>{{"name": "B", "age": 1}}</think>{PLAIN}', Person, ANN),
    Awkward("nothing but a thought", "<think>so", str, RAISES),
    Awkward("nothing but a blank", " ", str, RAISES),
    # Numbers and options in sentences.
    Awkward("minus in words", "It is minus 5 degrees.", int, RAISES),
    Awkward("minus as print has it", "It is \u22125 degrees.", int, -5),
    Awkward("millions", "About 1.5 million people", float, RAISES),
    Awkward("a power", "10^10", int, RAISES),
    Awkward("a part of a word with a hyphen", "It is non-toxic.", Literal["toxic", "safe"], RAISES),
    Awkward("a part of a word with an apostrophe", "I can't.", Literal["can", "must"], RAISES),
    Awkward("denied", "It is not really red.", Literal["red", "green"], RAISES),
    Awkward("denied, in n't", "It isn\u2019t red.", Literal["red", "green"], RAISES),
    Awkward("denied in another clause", "I am not sure, but red.", Literal["red", "green"], "red"),
    Awkward("no, as an option", "No, it is not.", Literal["yes", "no"], "no"),
]
KINDS = [Person, Book, list[Settings], list[dict[str, Any]], Settings | None, dict[str, Any], list[Any], Any]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
async def test_an_answer_is_what_it_says(client, server, row):
    """Where that is in doubt there is no value."""
    server.chat.replies(Reply(row.text, tool_calls=row.calls, finish_reason=row.finish_reason))
    if row.has_value:
        assert (await client.chat_parse(HELLO, row.kind, ways=["content"], asks=1)).value == row.value
        return
    with pytest.raises(ImagineParseException):
        await client.chat_parse(HELLO, row.kind, ways=["content"], asks=1)


@pytest.mark.parametrize("kind", KINDS, ids=str)
async def test_the_schema_is_no_answer(client, server, kind):
    """As it was sent, whatever the type would take."""
    asked = chat_keywords("content", HELLO, target_of(kind))["response_format"]["json_schema"]["schema"]
    server.chat.replies(json.dumps(asked))
    with pytest.raises(ImagineParseException):
        await client.chat_parse(HELLO, kind, ways=["content"], asks=1)


def test_options_have_their_own_order():
    """Types that Python takes for equal have schemas of their own."""
    first, second = target_of(Literal["x", "y"]), target_of(Literal["y", "x"])
    assert (first.name, second.name) == ("Literal_x_y", "Literal_y_x")
