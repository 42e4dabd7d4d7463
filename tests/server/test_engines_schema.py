from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from imagine._schema.fitting import FORMATS
from imagine.server.engines.schema import example

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
MESSAGES = ["", "city Paris, limit 5, unit kg", "Is it -3.5 or 12 in Rome?", 'Say "a", query: no']
PATTERNS = ["^[0-9]{5}$", "^a+$", r"^\d{4}-\d\d-\d\d$", "[aeiou]"]
NAMES = st.sampled_from(["city", "unit", "limit", "query"])


def check(schema, value):
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def ordered(numbers):
    return st.tuples(numbers, numbers).map(sorted)


SCALARS = st.one_of(
    st.sampled_from([{}, True, {"type": "boolean"}, {"type": "null"}, {"type": ["null", "string"]}, {"const": None}]),
    st.sampled_from(sorted(FORMATS)).map(lambda name: {"type": "string", "format": name}),
    st.sampled_from(PATTERNS).map(lambda pattern: {"type": "string", "pattern": pattern}),
    ordered(st.integers(0, 20)).map(lambda pair: {"type": "string", "minLength": pair[0], "maxLength": pair[1]}),
    st.lists(st.one_of(st.text(), st.integers()), min_size=1).map(lambda values: {"enum": values}),
    ordered(st.integers(-99, 99)).map(lambda pair: {"type": "integer", "minimum": pair[0], "maximum": pair[1]}),
    ordered(st.floats(-1e6, 1e6)).map(lambda pair: {"type": "number", "minimum": pair[0], "maximum": pair[1]}),
    st.integers(-50, 50).map(lambda low: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 1}),
    st.builds(lambda step, low: {"multipleOf": step, "minimum": low}, st.integers(1, 9), st.integers(-50, 50)),
)


def compounds(schemas):
    properties = st.dictionaries(NAMES, schemas)
    return st.one_of(
        st.builds(
            lambda inner, required: {"type": "object", "properties": inner, "required": sorted(required)},
            properties,
            st.sets(NAMES),
        ),
        st.builds(
            lambda items, count: {"type": "array", "items": items, "minItems": count}, schemas, st.integers(0, 3)
        ),
        st.lists(schemas, min_size=1).map(lambda items: {"type": "array", "prefixItems": items, "items": False}),
        st.lists(schemas, min_size=1).map(lambda options: {"anyOf": options}),
    )


@given(st.recursive(SCALARS, compounds, max_leaves=8), st.sampled_from(MESSAGES))
def test_values_fit_their_schema(schema, message):
    """Whatever the schema and the message, the value made is valid for an independent validator."""
    wrapped = {"allOf": [schema]}
    check(wrapped, example(wrapped, message))


@pytest.mark.parametrize(
    ("schema", "message", "value"),
    [
        ({"type": "string", "default": "blue", "examples": ["red"]}, "Green", "blue"),
        ({"type": "string", "examples": ["red"]}, "Green", "red"),
        ({"type": "object", "default": {"a": 1}}, "", {"a": 1}),
        ({"type": "array", "default": []}, "", []),
        ({"enum": ["asc", "desc"], "default": "desc"}, "", "desc"),
        ({"enum": ["asc", "desc"], "default": "desc"}, "asc please", "asc"),
        ({"type": "string", "format": "email"}, "Write to ann@example.org now", "ann@example.org"),
        ({"type": "string", "format": "date"}, "On 2026-02-30 or 2026-03-01", "2026-03-01"),
        ({"type": "boolean", "default": False}, "", False),
        ({"items": TEXT}, "Ask Ann", ["Ann"]),
        ({"$ref": "#/$defs/a", "default": "x", "$defs": {"a": {"type": "string", "default": "y"}}}, "", "x"),
        ({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}, "2", [2]),
        ({"allOf": [{"properties": {"a": WHOLE}}, {"properties": {"a": {"minimum": 3}}}]}, "", {"a": 3}),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 1}}}, "", 1),
    ],
)
def test_values_come_from_the_message_then_from_the_schema(schema, message, value):
    """Enum words and texts in the right format are found in the message; a default precedes its other words."""
    assert example(schema, message) == value


@pytest.mark.parametrize(
    ("name", "schema", "message", "value"),
    [
        ("limit", {"anyOf": [WHOLE, {"type": "null"}], "default": None}, "limit of 5", 5),
        ("limit", {"anyOf": [WHOLE, {"type": "null"}], "default": None}, "12 of them", None),
        ("dry_run", {"type": "boolean"}, "dry run: off", False),
        ("toCity", TEXT, 'From "Rome", to city is "New York"', "New York"),
    ],
)
def test_a_property_that_the_message_names_gets_what_follows(name, schema, message, value):
    """What follows the name wins over the default."""
    assert example({"properties": {name: schema}}, message) == {name: value}


def test_a_name_of_the_message_is_used_once():
    """Two texts get two names, in their order."""
    schema = {"type": "object", "properties": {"origin": TEXT, "destination": TEXT}}
    assert example(schema, "From Paris to Rome") == {"origin": "Paris", "destination": "Rome"}


@pytest.mark.parametrize("run", ["1", "a", "A", ":", '"', "a.", "-1"])
def test_a_long_message_is_read_in_one_pass(run):
    """Searching for a format never takes quadratic time."""
    properties = {name: {"type": "string", "format": name} for name in FORMATS} | {"many": {"type": "number"}}
    schema = {"type": "object", "properties": properties}
    check(schema, example(schema, run * 50_000 + "é"))
