"""Examples of JSON Schemas: what is made where nobody gives a hint, and what no value is found for."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from imagine._schema.example import example

TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
TREE = {
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {"name": TEXT, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
            "required": ["name", "children"],
        }
    },
    "$ref": "#/$defs/Node",
}
SUM = {
    "definitions": {
        "Sum": {
            "type": "object",
            "properties": {"left": {"$ref": "#/definitions/Term"}, "right": {"$ref": "#/definitions/Term"}},
            "required": ["left", "right"],
        },
        "Term": {"oneOf": [{"$ref": "#/definitions/Sum"}, WHOLE]},
    },
    "allOf": [{"$ref": "#/definitions/Sum"}],
}
CHAIN = {"type": "object", "properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}, "required": ["next"]}
LOOSE = {"type": "object", "properties": {"name": TEXT, "self": {"$ref": "#"}}}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (TREE, {"name": "name", "children": []}),
        (SUM, {"left": 1, "right": 1}),
        (CHAIN, {"next": {"next": None}}),
        (LOOSE, {"name": "name", "self": {"name": "name"}}),
    ],
    ids=["tree", "sum", "chain", "loose"],
)
def test_definitions_that_contain_themselves_come_to_an_end(schema, value):
    """Recursion ends where the schema allows it: an empty list, another option, null, a property left out."""
    Draft202012Validator(schema).validate(value)
    assert example(schema) == value


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"allOf": [False]}, "schema `false`"),
        ({"enum": []}, "empty enum"),
        ({"type": "text"}, "'text' is not a JSON Schema type"),
        ({"type": 5}, "not a JSON Schema: .*type"),
        ({"$ref": "https://example.com/s"}, "leads nowhere"),
        ({"allOf": [TEXT, WHOLE]}, "differ in type"),
        ({"anyOf": [{"type": "x"}, {"type": "y"}]}, "'x' is not a JSON Schema type"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "No value was found"),
        ({"type": "string", "format": "email", "maxLength": 3}, "No value was found"),
        ({"properties": {"code": {"pattern": "^qq$"}}}, "fits code"),
        ({"type": "string", "pattern": "("}, "not a regular expression"),
        ({"type": "string", "minLength": 10**9}, "minLength 1000000000"),
        ({"type": "array", "minItems": 10**9}, "more than 10000 values"),
        ({"type": "array", "items": WHOLE, "minItems": 2, "uniqueItems": True}, "2 different items"),
        ({"properties": {"self": {"$ref": "#"}}, "required": ["self"]}, "# contains itself"),
        ({"type": "array", "items": {"$ref": "#"}, "minItems": 1}, "# contains itself"),
    ],
)
def test_a_schema_without_a_value_is_an_error(schema, message):
    """The error says which keyword stands in the way."""
    with pytest.raises(ValueError, match=message):
        example(schema)
