"""Every kind of type that may be asked for, whole and in parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import msgspec
import pytest
from support.clients import HELLO

from imagine._asking.places import UNKNOWN, type_at

pydantic = pytest.importorskip("pydantic")
pytestmark = pytest.mark.anyio
T = TypeVar("T")


class Struct(msgspec.Struct, rename="camel"):
    first_name: str
    born: date | None = None


@dataclass
class Data:
    inner: Struct
    more: list[Struct] = field(default_factory=list)


class Typed(TypedDict):
    title: str
    year: NotRequired[int]


class Pair(NamedTuple):
    x: int
    y: Struct


class Model(pydantic.BaseModel):
    mail: str = pydantic.Field(alias="e-mail", pattern="@")
    parts: list[int] = pydantic.Field(default_factory=list)


class Size(IntEnum):
    small = 1
    large = 2


@dataclass
class Broken:
    age: int

    def __post_init__(self) -> None:
        if self.age < 0:
            raise LookupError("nobody is that young")


ANN = Struct("Ann", date(1984, 1, 2))
STRUCT = '{"firstName": "Ann", "born": "1984-01-02"}'
KINDS = [
    (Struct, STRUCT, ANN),
    (Data, f'{{"inner": {STRUCT}, "more": [{STRUCT}]}}', Data(ANN, [ANN])),
    (Typed, '{"title": "Ran"}', {"title": "Ran"}),
    (Pair, f"[1, {STRUCT}]", Pair(1, ANN)),
    (Model, '{"e-mail": "a@b", "parts": ["1"]}', Model.model_validate({"e-mail": "a@b", "parts": [1]})),
    (list[Model], '[{"e-mail": "a@b"}]', [Model.model_validate({"e-mail": "a@b"})]),
    (Size, "2", Size.large),
    (Literal["a", "b"], '"b"', "b"),
    (int | None, "3", 3),
    (Annotated[float, msgspec.Meta(gt=0)], "2.5", 2.5),
    (Decimal, '"1.10"', Decimal("1.10")),
    (date, "2024-01-05", date(2024, 1, 5)),
    (dict[str, Pair], f'{{"a": [1, {STRUCT}]}}', {"a": Pair(1, ANN)}),
    (tuple[int, str], '[1, "a"]', (1, "a")),
    (set[int], "[1, 2]", {1, 2}),
    (list[Any], '[1, "a", null]', [1, "a", None]),
]


@pytest.mark.parametrize(("kind", "text", "value"), KINDS, ids=str)
async def test_a_value_of_each_kind(client, server, kind, text, value):
    """Whole and at the end of a stream it is the same value, of the same type."""
    server.chat.replies(text, text)
    parsed = await client.chat_parse(HELLO, kind, ways=["content"])
    streamed = await client.chat_parse_stream(HELLO, kind, ways=["content"]).final()
    assert (parsed.value, streamed.value) == (value, value)
    assert type(parsed.value) is type(value)


async def test_attrs_classes_are_taken(client, server):
    """Where attrs is there, its classes are."""
    attrs = pytest.importorskip("attrs")
    made = attrs.make_class("Made", {"x": attrs.field(type=int)})
    server.chat.replies('{"x": "1"}')
    assert (await client.chat_parse(HELLO, made)).value == made(1)


async def test_what_a_class_raises_is_told_to_the_model(client, server):
    """Its own rules are rules, whatever they raise."""
    server.chat.replies('{"age": -1}', '{"age": 1}')
    assert (await client.chat_parse(HELLO, Broken)).value == Broken(1)
    assert "nobody is that young" in server.chat.last.messages[-1].content


async def test_parts_have_the_types_of_their_places(client, server):
    """Members, items and values by name, also behind None and under other names."""
    server.chat.replies(f'{{"inner": {STRUCT}, "more": [{STRUCT}]}}')
    stream = client.chat_parse_stream(HELLO, Data, ways=["content"])
    completed = dict([item async for partial in stream for item in partial.completed])
    assert completed["inner", "born"] == date(1984, 1, 2)
    assert completed["more", 0] == completed[("inner",)] == ANN
    assert completed[()] == Data(ANN, [ANN])


@pytest.mark.parametrize(
    ("kind", "path", "inner"),
    [
        (Data, ("more", 7, "firstName"), str),
        (Pair, (1, "born"), date | None),
        (dict[str, list[Typed]], ("a", 0, "year"), NotRequired[int]),
        (Model, ("e-mail",), str),
        (tuple[int, ...], (5,), int),
        (tuple[int, str], (1,), str),
        (Data | None, ("inner",), Struct),
        (Annotated[list[int], "so"], (0,), int),
        (Struct | Data, ("inner",), UNKNOWN),
        (Struct, ("last_name",), UNKNOWN),
        (list, (0,), UNKNOWN),
        (dict, ("a",), UNKNOWN),
        (int, ("a", 0), UNKNOWN),
        (list[T], (0,), UNKNOWN),
    ],
    ids=lambda value: "unknown" if value is UNKNOWN else str(value),
)
def test_a_place_has_a_type(kind, path, inner):
    """Where a type says nothing of a place, or several things, its value stays plain."""
    assert type_at(kind, path) == inner
