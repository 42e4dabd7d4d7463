"""JSON that grows: however its text is cut, the same tree, and each value once."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine._json.growing import DEEPEST, Growing
from imagine._json.seeking import Seeking

LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
INNER = {"max_size": 3}  # wider ones would be drawn in vain, for they have too many leaves
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, **INNER) | st.dictionaries(st.text(), inner, **INNER), max_leaves=8
)
OBJECTS = st.dictionaries(st.text(), VALUES, min_size=1, **INNER)
FORMS = st.fixed_dictionaries({"indent": st.sampled_from([None, 0, 2]), "ensure_ascii": st.booleans()})
NEVER = object()


def pieces_of(text, cuts):
    places = sorted({min(cut, len(text)) for cut in cuts})
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


def completed_in(value, path=()):
    """All values of a tree with their paths, children before parents."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from completed_in(item, (*path, key))
    yield path, value


def is_begun(shown, value):
    """Tell whether what is shown is a beginning of a value: a text's, or a container's, or the whole of another."""
    if isinstance(shown, dict) and isinstance(value, dict):
        return all(key in value and is_begun(item, value[key]) for key, item in shown.items())
    if isinstance(shown, list) and isinstance(value, list):
        return len(shown) <= len(value) and all(map(is_begun, shown, value))
    if isinstance(shown, str) and isinstance(value, str):
        return value.startswith(shown)
    return type(shown) is type(value) and shown == value


@given(VALUES, FORMS, st.lists(st.integers(0, 400)))
def test_any_cut_gives_the_same_tree(value, form, cuts):
    """The tree and the list of what became complete are those of the whole text, in the order of the text."""
    growing, completed = Growing(), []
    for piece in pieces_of(json.dumps(value, **form), cuts):
        completed += [(path, json.dumps(item)) for path, item in growing.feed(piece)]
    completed += [(path, json.dumps(item)) for path, item in growing.end()]
    assert growing.data == value
    assert completed == [(path, json.dumps(item)) for path, item in completed_in(value)]


@given(OBJECTS | st.lists(VALUES, **INNER), FORMS)
def test_nothing_is_shown_that_does_not_stay(value, form):
    """After each character the tree is a beginning of the whole: no number, word, escape or surrogate by halves."""
    growing = Growing()
    for character in json.dumps(value, **form):
        growing.feed(character)
        assert growing.data is None or is_begun(growing.data, value)


def test_containers_grow_in_place():
    """A list that was taken from the tree is the one that grows."""
    growing = Growing()
    growing.feed('{"a": [1, ')
    items = growing.data["a"]
    growing.feed("2]")
    assert items == [1, 2]


@pytest.mark.parametrize("halves", [r'"\ud83d"', r'"\ud83dx"', r'"\ude00"', r'"\ud83d\n"', r'"\ud83d\ud83d"'])
def test_half_a_surrogate_pair_is_replaced(halves):
    """What is no character is U+FFFD, and what stands behind it is kept."""
    growing = Growing()
    for character in halves:
        growing.feed(character)
    expected = json.loads(halves).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert growing.data == expected


@pytest.mark.parametrize("text", ['{"a": 1 "b": 2}', '{"a": tru}', "{'a': 1}", '{"a" 1}', "[1,]", r'{"a": "\x"}', "x "])
def test_it_stands_still_at_what_is_no_json(text):
    """What came before stays, and nothing is made of the rest."""
    growing = Growing()
    growing.feed(text)
    assert growing.stands_still
    assert growing.feed(', "c": 3}') == []


def test_it_stands_still_where_it_gets_too_deep():
    """A bomb of brackets costs no more than its levels that are followed."""
    growing = Growing()
    assert growing.feed("[" * 100_000 + "]" * 100_000) == []
    assert growing.stands_still
    assert json.dumps(growing.data) == "[" * DEEPEST + "]" * DEEPEST


@given(OBJECTS, st.lists(st.integers(0, 400)))
def test_json_is_found_behind_a_sentence(value, cuts):
    """Brackets of a sentence begin nothing, wherever the text is cut."""
    seeking = Seeking(lists=False)
    for piece in pieces_of("I {think} of [1] {} it's:\n```json\n" + json.dumps(value) + "\n``` {so}", cuts):
        seeking.feed(piece)
    assert seeking.growing.data == value
