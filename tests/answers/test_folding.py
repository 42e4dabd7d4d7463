"""Tool calls put together from their pieces, in all the ways in which services send them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine import ChatCompletionStreamResponse, ChatMessageToolCall, Function
from imagine._answers.folding import ChatFold, JSONDepth

TEXTS = st.text(alphabet='{}[]"\\ab,:', max_size=8)
ARGUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXTS, ARGUMENTS, max_size=3)


def folded(*pieces):
    """The calls of a stream of these pieces, as (id, name, arguments)."""
    fold = ChatFold()
    for piece in pieces:
        body = {"choices": [{"delta": {"tool_calls": [piece]}}]}
        fold.add([ChatCompletionStreamResponse.model_validate(body)], [b""])
    calls = fold.snapshot().choices[0].message.tool_calls or []
    return [(call.id, call.function.name, call.function.arguments) for call in calls]


def piece(index, call_id, name, arguments):
    return {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}


def openai(number, call_id, name, parts):
    """Id and name once, then pieces under the index alone."""
    return [piece(number, call_id, name, ""), *(piece(number, None, None, part) for part in parts)]


def all_at_zero(number, call_id, name, parts):
    """All calls under index 0, told apart by their ids."""
    return [piece(0, call_id, name, ""), *(piece(0, None, None, part) for part in parts)]


def without_index(number, call_id, name, parts):
    return [piece(None, call_id, name, ""), *(piece(None, None, None, part) for part in parts)]


def id_and_name_in_each(number, call_id, name, parts):
    return [piece(number, call_id, name, part) for part in parts]


def another_id_in_each(number, call_id, name, parts):
    first, *rest = parts
    return [
        piece(number, call_id, name, first),
        *(piece(number, f"{call_id}-{n}", None, p) for n, p in enumerate(rest)),
    ]


def empty_ids(number, call_id, name, parts):
    first, *rest = parts
    return [piece(number, call_id, name, first), *(piece(number, "", "", part) for part in rest)]


def name_in_pieces(number, call_id, name, parts):
    return [
        piece(number, call_id, name[:1], None),
        piece(number, None, name[1:], None),
        *(piece(number, None, None, p) for p in parts),
    ]


HABITS = [openai, all_at_zero, without_index, id_and_name_in_each, another_id_in_each, empty_ids, name_in_pieces]


@pytest.mark.parametrize("habit", HABITS)
@given(calls=st.lists(st.tuples(st.sampled_from(["look", "count", "find"]), OBJECTS, st.integers(1, 9)), max_size=4))
def test_any_cut_of_any_calls_by_any_habit_gives_the_same_calls(habit, calls):
    """However a service cuts calls and names the pieces, the same calls come of it."""
    wanted, pieces = [], []
    for number, (name, arguments, size) in enumerate(calls):
        text = json.dumps(arguments)
        parts = [text[at : at + size] for at in range(0, len(text), size)]
        pieces += habit(number, f"c{number}", name, parts)
        wanted.append((f"c{number}", name, text))
    if pieces:
        assert folded(*pieces) == wanted


def test_calls_that_come_whole_without_id_and_index_are_told_apart():
    """A service that sends whole calls, one a piece, means as many calls."""
    assert folded(piece(None, None, "a", "{}"), piece(None, None, "b", "{}")) == [(None, "a", "{}"), (None, "b", "{}")]


def test_an_id_that_was_seen_before_belongs_to_its_call():
    """Pieces of two calls that alternate are told apart by their ids, whatever their index."""
    pieces = [piece(0, "a", "f", "{"), piece(0, "b", "g", "["), piece(0, "a", None, "}"), piece(0, "b", None, "]")]
    assert folded(*pieces) == [("a", "f", "{}"), ("b", "g", "[]")]


@given(value=OBJECTS, size=st.integers(1, 5))
def test_json_is_complete_at_its_end_and_not_before(value, size):
    """However a text is cut, an object is complete with its last bracket."""
    text, depth = json.dumps(value), JSONDepth()
    for at in range(0, len(text), size):
        assert not depth.complete
        depth.add(text[at : at + size])
    assert depth.complete


def test_a_long_call_in_small_pieces_costs_no_more_than_its_length():
    """100,000 pieces are looked at once each."""
    fold = ChatFold()
    call = ChatMessageToolCall(index=0, function=Function(arguments='"a": 1, '))
    chunk = ChatCompletionStreamResponse.model_validate({"choices": [{"delta": {}}]})
    chunk.choices[0].delta.tool_calls = [call]
    fold.add([chunk] * 100_000, [b""] * 100_000)
    assert len(fold.snapshot().choices[0].message.tool_calls[0].function.arguments) == 800_000
