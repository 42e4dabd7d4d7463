"""JSON, numbers and options in the texts of models."""

from __future__ import annotations

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine._json.finding import found_json, only_number, only_option

VALUES = st.recursive(st.none() | st.integers() | st.text(), partial(st.lists, max_size=2), max_leaves=4)
OBJECTS = st.dictionaries(st.text(), VALUES | st.dictionaries(st.text(), VALUES, max_size=2), min_size=1, max_size=2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('It\'s {"a": 1} or "so" {"b": 2}.', ['{"a": 1}', '{"b": 2}']),
        ('Use {braces}: {"a": {"b": [1]}}', ["{braces}", '{"a": {"b": [1]}}']),
        ('{"first": 1}\n```json\n{"a": 1}\n```', ['{"a": 1}', '{"first": 1}']),
        (r'{"code": "```py\nprint({})\n```"}', [r'{"code": "```py\nprint({})\n```"}']),
        ('A set {} and a { and then {"a": 1}', ['{"a": 1}']),
        ('{"a": "}", "b": "\\"{"} }', ['{"a": "}", "b": "\\"{"}']),
        ("{'a': '}'} {“a”: “}”}", ["{'a': '}'}", "{“a”: “}”}"]),
        ('{"a": 1, // the "first}\n "b": 2}', ['{"a": 1, // the "first}\n "b": 2}']),
        ('# Heading {"a": 1} it\'s', ['{"a": 1}']),
        ("no brackets at all", []),
    ],
)
def test_json_is_found_between_sentences(text, found):
    """The outermost brackets that close, those in a fence first; braces in texts and comments count for nothing."""
    assert list(found_json(text).texts) == found


@pytest.mark.parametrize("cut", ['{"a": {"b": 1}', '[{"a": 1}, {"a": 2}', '{"a": "{b}', '```\n{"a": {"b": 1}\n``` so'])
def test_what_a_cut_value_holds_is_no_answer(cut):
    """Whatever is complete inside of JSON that is not is a part, and no whole."""
    assert found_json(cut) == ((), True)


@given(OBJECTS, st.text("{}[]`#/,: ab\n", max_size=10))
def test_an_object_is_found_whatever_stands_behind_it(value, rest):
    """Its end is not moved by what follows."""
    text = json.dumps(value)
    assert text in found_json(f"Here: {text}\n{rest}").texts


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("It is 42.", "42"), ("-3.5 degrees", "-3.5"), ("1,234,567 people", "1234567"), ("7, yes 7", "7")],
        *[("1e3", "1e3"), ("3,14", None), ("2024-01-05", None), ("v1.2.3", None), ("3 of 4", None), ("A4", None)],
        *[("12:30", None), ("none", None), ("1/2", None)],
    ],
)
def test_the_only_number_is_found(text, number):
    """One number, however often it is said; parts of dates, times, versions and words are none."""
    assert only_number(text) == number


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("I'd say Red!", "red"),
        ("dark red, surely", "dark red"),
        ("red or blue", None),
        ("a reduction", None),
        ("", None),
    ],
)
def test_the_only_option_is_found(text, option):
    """One option as whole words, in any case; a longer one hides the shorter one in it."""
    assert only_option(text, ["red", "blue", "dark red"]) == option
