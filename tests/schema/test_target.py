"""Types as JSON Schema, and JSON as those types."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import re
import sys
import typing
import uuid
from typing import Annotated, Any, Literal, NamedTuple, Optional

import attrs
import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from imagine._schema.example import example
from imagine._schema.target import target_of

INT, TEXT, NULL = {"type": "integer"}, {"type": "string"}, {"type": "null"}


class Unit(enum.Enum):
    C = "c"
    F = "f"


class Point(msgspec.Struct):
    x: int
    y: int = 0


@dataclasses.dataclass
class Span:
    first: int
    last: int = 9


@attrs.define
class Range:
    first: int


class Place(typing.TypedDict, total=False):
    name: typing.Required[str]
    at: Point


class Pair(NamedTuple):
    one: int
    two: str = "b"


class Circle(msgspec.Struct, tag="circle"):
    r: float


class Square(msgspec.Struct, tag="square"):
    a: float


class Tree(msgspec.Struct):
    name: str
    below: list[Tree] = []


class Person(pydantic.BaseModel):
    name: str
    age: Annotated[int, pydantic.Field(ge=0)] = 0


class Folder(pydantic.BaseModel):
    owner: Person
    inside: list[Folder] = []


class Day(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(strict=True)
    day: datetime.date
    unit: Unit


class Book(msgspec.Struct):
    author: Person
    others: dict[str, Person]
    root: Folder | None = None


@pydantic.dataclasses.dataclass
class Grade:
    points: Annotated[int, pydantic.Field(le=5)]


POINT = {
    "title": "Point",
    "type": "object",
    "properties": {"x": INT, "y": {**INT, "default": 0}},
    "required": ["x"],
}


@pytest.mark.parametrize(
    ("kind", "schema", "name", "shape"),
    [
        (int, INT, "int", "scalar"),
        (list[int], {"type": "array", "items": INT}, "list_int", "array"),
        (dict[str, int], {"type": "object", "additionalProperties": INT}, "dict_str_int", "object"),
        (int | None, {"anyOf": [INT, NULL]}, "int_None", "scalar"),
        (int | str, {"anyOf": [INT, TEXT]}, "int_str", "scalar"),
        (Any, {}, "Any", "scalar"),
        (Literal["b", "a"], {"type": "string", "enum": ["a", "b"]}, "Literal_b_a", "scalar"),
        (Unit, {"title": "Unit", "type": "string", "enum": ["c", "f"]}, "Unit", "scalar"),
        (Annotated[int, msgspec.Meta(ge=1, description="How many.")],
         {"type": "integer", "minimum": 1, "description": "How many."}, "int", "scalar"),
        (datetime.date, {"type": "string", "format": "date"}, "date", "scalar"),
        (Point, POINT, "Point", "object"),
        (list[Point], {"type": "array", "items": POINT}, "list_Point", "array"),
        (Span, {"title": "Span", "type": "object", "properties": {"first": INT, "last": {**INT, "default": 9}},
                "required": ["first"]}, "Span", "object"),
        (Range, {"title": "Range", "type": "object", "properties": {"first": INT}, "required": ["first"]},
         "Range", "object"),
        (Place, {"title": "Place", "type": "object", "properties": {"name": TEXT, "at": POINT}, "required": ["name"]},
         "Place", "object"),
        (Pair, {"title": "Pair", "type": "array", "prefixItems": [INT, {**TEXT, "default": "b"}], "minItems": 1,
                "maxItems": 2}, "Pair", "array"),
    ],
    ids=str,
)  # fmt: skip
def test_a_type_has_a_schema_without_references(kind, schema, name, shape):
    """The root and what it holds stand where they are used; the name is one that services take."""
    target = target_of(kind)
    assert target.schema == schema
    assert (target.name, target.kind) == (name, shape)


def test_a_union_of_tagged_structs_is_an_object():
    """What OpenAPI alone understands, and names definitions by their place, is left out."""
    target = target_of(Circle | Square)
    assert target.kind == "object"
    assert [option["properties"]["type"] for option in target.schema["anyOf"]] == [
        {"type": "string", "enum": ["circle"]},
        {"type": "string", "enum": ["square"]},
    ]
    assert target.schema.keys() == {"anyOf"}


def test_a_type_that_contains_itself_keeps_a_definition():
    """The root is written out, and refers to the definition beside it."""
    schema = target_of(Tree).schema
    assert schema["type"] == "object"
    assert schema["properties"]["below"]["items"] == {"$ref": "#/$defs/Tree"}
    assert schema["$defs"].keys() == {"Tree"}


def test_definitions_of_models_stand_at_the_root():
    """Wherever a pydantic model stands, its references lead to definitions of the whole schema."""
    schema = target_of(Book).schema
    person = schema["properties"]["author"]
    assert person["properties"]["name"]["type"] == "string"
    assert schema["properties"]["others"]["additionalProperties"] == person
    assert schema["$defs"]["Folder"]["properties"]["inside"]["items"] == {"$ref": "#/$defs/Folder"}
    Draft202012Validator.check_schema(schema)


def tree_of_nodes():
    class Node(pydantic.BaseModel):
        below: list[Node] = []

    return Node


def chain_of_nodes():
    class Node(pydantic.BaseModel):
        after: Node | None = None

    return Node


def test_models_of_one_name_keep_apart():
    """Two definitions of one name get two names."""
    tree, chain = tree_of_nodes(), chain_of_nodes()
    schema = target_of(tuple[tree, chain]).schema
    assert schema["$defs"].keys() == {"Node", "Node_2"}
    assert {*schema["$defs"]["Node"]["properties"], *schema["$defs"]["Node_2"]["properties"]} == {"below", "after"}


def test_a_long_schema_keeps_its_definitions():
    """What would be longer than 16 KB refers to definitions, however often these are used."""
    kind: Any = Point
    for number in range(20):  # a million points, written out
        kind = msgspec.defstruct(f"Level{number}", [("left", kind), ("right", kind)])
    schema = target_of(kind).schema
    assert (schema["type"], len(schema["$defs"])) == ("object", 20)
    assert len(json.dumps(schema)) < 16_384


def test_a_long_model_is_written_out_at_the_root():
    """So are models of pydantic, which are definitions themselves."""
    kind: Any = Person
    for number in range(20):
        kind = pydantic.create_model(f"Level{number}", left=(kind, ...), right=(kind, ...))
    assert target_of(kind).schema["type"] == "object"
    assert target_of(list[kind]).schema["items"] == {"$ref": "#/$defs/Level19"}


@pytest.mark.parametrize(
    ("kind", "value", "made"),
    [
        (int, 3, 3),
        (dict[int, str], {"1": "a"}, {1: "a"}),
        (Unit, "c", Unit.C),
        (datetime.date, "2026-01-31", datetime.date(2026, 1, 31)),
        (decimal.Decimal, "1.50", decimal.Decimal("1.50")),
        (Point, {"x": 1}, Point(1)),
        (Span, {"first": 1}, Span(1)),
        (Range, {"first": 1}, Range(1)),
        (Place, {"name": "a", "at": {"x": 1}}, {"name": "a", "at": Point(1)}),
        (Pair, [1], Pair(1)),
        (Circle | Square, {"type": "square", "a": 1.0}, Square(1.0)),
        (Tree, {"name": "a", "below": [{"name": "b"}]}, Tree("a", [Tree("b")])),
        (Person, {"name": "a"}, Person(name="a")),
        (list[Person], [{"name": "a"}], [Person(name="a")]),
        (tuple[Person, Point], [{"name": "a"}, {"x": 1}], (Person(name="a"), Point(1))),
        (Day, {"day": "2026-01-31", "unit": "c"}, Day(day=datetime.date(2026, 1, 31), unit=Unit.C)),
        (Grade, {"points": 5}, Grade(5)),
        (list[Person | Folder], [{"owner": {"name": "a"}}], [Folder(owner=Person(name="a"))]),
        (Annotated[int, pydantic.Field(ge=1)], 1, 1),
        (list[pydantic.PositiveInt], [1], [1]),
    ],
)  # fmt: skip
def test_a_value_becomes_the_type(kind, value, made):
    """Plain values of JSON become what the type says."""
    assert target_of(kind).convert(value) == made


class Even(msgspec.Struct):
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise LookupError("odd")


DEEP: Any = {"name": "a"}
for _ in range(50_000):
    DEEP = {"name": "a", "below": [DEEP]}


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        (int, "3", "Expected `int`, got `str`"),
        (Tree, {"name": "a", "below": [{"name": 1}]}, "Expected `str`, got `int` - at `$.below[0].name`"),
        (Even, {"number": 1}, "LookupError: odd"),
        (Tree, DEEP, "it is nested too deeply"),
        (Person, {"age": -1}, "Field required - at `$.name`; "
                              "Input should be greater than or equal to 0, got `int` - at `$.age`"),
        (Book, {"author": {"name": 1}, "others": {}}, "Input should be a valid string, got `int` - at `$.author.name`"),
        (list[Folder], [{"owner": {"name": "a"}, "inside": [3]}], "got `int` - at `$[0].inside[0]`"),
        (Grade, {"points": 6}, "Input should be less than or equal to 5, got `int` - at `$.points`"),
        (list[pydantic.PositiveInt], [1, 0], "Input should be greater than 0, got `int` - at `$[1]`"),
    ],
)  # fmt: skip
def test_a_misfit_says_what_was_expected_and_where(kind, value, told):
    """Whoever reads the error, a person or a model, can mend the value."""
    with pytest.raises(ValueError, match=re.escape(told)):
        target_of(kind).convert(value)


def test_texts_are_numbers_only_where_that_is_asked_for():
    """The lenient way is another one."""
    assert target_of(Point).convert({"x": "3"}, strict=False) == Point(3)


class Unknown:
    pass


class Household(msgspec.Struct):
    head: Person | Folder


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Unknown, "Unknown has no JSON Schema: JSON has no form for <class"),
        (list[Unknown], "list[Unknown] has no JSON Schema"),
        (Point | Tree, "Point | Tree has no JSON Schema: .* make them Structs with tags"),
        (Span | Range, "Span | Range has no JSON Schema: .* make them Structs with tags"),
        (Household, "Household has no JSON Schema: .* has to be a model, too"),
        (Person | Point, "Person | Point has no JSON Schema"),
        (3, "3 has no JSON Schema"),
        ("Point", "Point has no JSON Schema"),
        (Annotated[Unknown, pydantic.Field(title="a")], "Unknown has no JSON Schema"),
    ],
)
def test_a_type_without_a_schema_is_refused(kind, told):
    """The error says what to give instead."""
    with pytest.raises(TypeError) as caught:
        target_of(kind)
    assert told.partition(" .* ")[0] in str(caught.value)
    assert told.partition(" .* ")[2] in str(caught.value)
    assert "Give a Struct, dataclass, TypedDict" in str(caught.value)


def test_a_type_is_looked_into_once():
    """The same type has the same target; one that cannot be hashed has a new one."""
    assert target_of(list[int]) is target_of(list[int])
    assert target_of(Annotated[int, {"a": 1}]).schema == INT


def test_pydantic_is_not_needed(monkeypatch):
    """Where nobody has imported it, nothing of it is asked for."""
    monkeypatch.delitem(sys.modules, "pydantic")
    assert target_of(Annotated[int, msgspec.Meta(gt=5)]).convert(6) == 6


def struct_of(kinds):
    return msgspec.defstruct("Made", [(f"image_{number}", kind) for number, kind in enumerate(kinds)])


SCALARS = st.sampled_from(
    [int, float, str, bool, None, bytes, Unit, datetime.date, datetime.datetime, datetime.time, datetime.timedelta,
     decimal.Decimal, uuid.UUID, Literal["a", 3], Annotated[int, msgspec.Meta(ge=3, le=5)], pydantic.PositiveInt,
     Annotated[str, msgspec.Meta(min_length=30)], Point, Span, Range, Place, Pair, Tree, Person, Folder, Book]
)  # fmt: skip
KINDS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        inner.map(lambda kind: list[kind]),
        inner.map(lambda kind: dict[str, kind]),
        inner.map(lambda kind: tuple[kind, int]),
        inner.map(lambda kind: Optional[kind]),  # noqa: UP045 - the kind may be None
        st.lists(inner, min_size=1, max_size=3).map(struct_of),
    ),
    max_leaves=5,
)


@given(KINDS)
def test_an_example_of_the_schema_is_a_value_of_the_type(kind):
    """What the schema says, and what is converted, are the same thing."""
    target = target_of(kind)
    made = example(target.schema)
    Draft202012Validator(target.schema).validate(made)
    target.convert(made)
