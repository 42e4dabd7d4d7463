"""JSON with the slips of models."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine._json.mending import mended

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
INNER = {"max_size": 3}  # wider ones would be drawn in vain, for they have too many leaves
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, **INNER) | st.dictionaries(st.text(), inner, **INNER), max_leaves=8
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('\ufeff{"a": 1}', {"a": 1}),
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('{"a": 1, // one\n "b": 2, # two\n /* three */ "c": [3]}', {"a": 1, "b": 2, "c": [3]}),
        ('{"a": [1, 2,],}', {"a": [1, 2]}),
        (r"""{'a': 'it\'s "so"'}""", {"a": 'it\'s "so"'}),
        ("{\u201ca\u201d: \u201cb\u201d, \u2018c\u2019: \u2018d\u2019}", {"a": "b", "c": "d"}),
        ("{a: 1, b_c: {d-e: 2}}", {"a": 1, "b_c": {"d-e": 2}}),
        ("[True, False, None, NaN, -Infinity]", [True, False, None, None, None]),
        ('{"a": "one\ntwo\tthree"}', {"a": "one\ntwo\tthree"}),
        (r'{"a": "it\'s"}', {"a": "it's"}),
        (r'["\ud83d", "\ud83d\ude00"]', ["\ufffd", "\U0001f600"]),
        ('{"a": "http://b/c#d", "e": "True, // no"}', {"a": "http://b/c#d", "e": "True, // no"}),
    ],
)
def test_slips_are_mended(text, value):
    """Each kind of slip is read as what it means, and texts are left alone."""
    assert mended(text) == value


@pytest.mark.parametrize(
    "text",
    [
        *['{"a": 1 "b": 2}', '{"a": "b "c" d"}', '{"a": 1', '{"a": "b', "[1, 2", '{"a": 1} {"b": 2}', "[,]", "[1,,2]"],
        *["", "tru", "so it is", "{a}", "'", "{'a': 'it's'}", "[" * 50_000 + "]" * 50_000],
    ],
)
def test_what_nobody_knows_is_not_guessed(text):
    """Missing commas, quotes in texts, two values, and what was cut are refused."""
    with pytest.raises(ValueError, match=r"^this is no JSON: "):
        mended(text)


@given(VALUES, st.sampled_from([None, 0, 2]), st.booleans())
def test_what_is_json_stays_as_it_is(value, indent, ensure_ascii):
    """A text without slips means the same when it is mended."""
    assert mended(json.dumps(value, indent=indent, ensure_ascii=ensure_ascii)) == value
