"""Answers in odd forms: what was asked for is right or refused, what stands beside it never costs it."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine.exceptions import ImagineDecodeException
from imagine.types.chat_completions import CHAT_CHUNK, CHAT_HISTORY, CHAT_RESPONSE, ChatCompletionResponse, ChatMessage
from imagine.types.completions import COMPLETION_CHUNK, COMPLETION_RESPONSE
from imagine.types.decoding import Decoding, fit
from imagine.types.embeddings import EMBEDDING_RESPONSE
from imagine.types.healthcheck import HEALTH_RESPONSE
from imagine.types.images import IMAGE_RESPONSE
from imagine.types.reranker import RERANKER_RESPONSE
from imagine.types.transcribe import TRANSCRIBE_RESPONSE
from imagine.types.usage import USAGE_RESPONSE

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CHAT = {
    "id": "i",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


def read(decoding: Decoding[Any], value: object) -> Any:
    return decoding.decode(json.dumps(value).encode())


def chat(choice: dict[str, Any] | None = None, **members: Any) -> Any:
    [usual] = CHAT["choices"]  # type: ignore[misc]
    answer = read(CHAT_RESPONSE, {**CHAT, "choices": [{**usual, **(choice or {})}], **members})  # type: ignore[dict-item]
    assert answer.first_content == "Yes."
    return answer


@pytest.mark.parametrize(
    ("name", "odd", "becomes"),
    [
        *[("id", 7, "7"), ("id", 7.5, "7.5"), ("id", 0, "0"), ("id", ["a"], ""), ("id", True, "")],
        *[("created", "2026-11-27T09:00:00Z", 0.0), ("created", {}, 0.0), ("created", "12", 12)],
        *[("model", None, ""), ("model", {"name": "m"}, ""), ("object", 1, "1")],
        *[("usage", [], None), ("usage", "", None), ("usage", 0, None)],
    ],
)
def test_an_odd_value_beside_the_choices_costs_nothing_else(name: str, odd: object, becomes: object) -> None:
    """A number is the text of an id or a name; what fits no field is left out."""
    answer = chat(**{name: odd})
    assert getattr(answer, name) == becomes
    assert answer.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("odd", "becomes"),
    [("5", 5), (5.0, 5), (5.5, None), ("5.5", None), ("", None), (None, None), ([], None), (True, None)],
)
def test_an_odd_count_costs_no_other_count(odd: object, becomes: object) -> None:
    """A count in quotes or with a decimal point is one; what is no whole number is left out."""
    usage = chat(usage={"prompt_tokens": odd, "total_tokens": 3}).usage
    assert (usage.prompt_tokens, usage.total_tokens) == (becomes, 3)


@pytest.mark.parametrize(
    ("odd", "becomes"),
    [(2, "2"), (0, None), (0.0, None), ("", ""), ([], None), ({"type": "stop"}, None), (False, None), (True, None)],
)
@pytest.mark.parametrize("decoding", [CHAT_RESPONSE, CHAT_CHUNK, COMPLETION_RESPONSE, COMPLETION_CHUNK])
def test_a_number_is_a_finish_reason_unless_it_is_0(decoding: Decoding[Any], odd: object, becomes: object) -> None:
    """Enumerations begin with 0 for what is not known; nothing else that is no text is a reason."""
    [choice] = read(decoding, {"choices": [{"index": 0, "finish_reason": odd}]}).choices
    assert choice.finish_reason == becomes


@pytest.mark.parametrize("role", [None, 7, {}, []])
def test_an_odd_role_does_not_cost_the_message(role: object) -> None:
    """A role that is no text is left out, or is its number."""
    assert chat({"message": {"role": role, "content": "Yes."}}).choices[0].message.role in ("", "7")


@pytest.mark.parametrize("index", [None, "first", [], {}])
def test_an_odd_index_does_not_cost_the_choice(index: object) -> None:
    """An index that is no number is 0, as a missing one."""
    assert chat({"index": index}).choices[0].index == 0


@pytest.mark.parametrize(
    "arguments", [{}, {"city": None, "days": [1, 2.5]}, [], {"big": 2**70}, {"é": "\ud83d"}, {"arguments": {}}]
)
def test_arguments_that_are_no_text_become_one(arguments: object) -> None:
    """An object is JSON text with all that was in it, null and half a surrogate pair too."""
    function = {"name": "f", "arguments": arguments}
    message = {"role": "assistant", "content": "Yes.", "tool_calls": [{**CALL, "function": function}]}
    [call] = chat({"message": message}).choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == arguments


def test_a_call_id_that_is_a_number_is_its_text() -> None:
    """The message with the result can name the call."""
    calls = [{**CALL, "id": 0, "type": None, "index": "x"}]
    [call] = chat({"message": {"content": "Yes.", "tool_calls": calls}}).choices[0].message.tool_calls
    assert (call.id, call.type, call.index) == ("0", None, None)


@pytest.mark.parametrize(
    ("decoding", "body", "place"),
    [
        (CHAT_RESPONSE, {"choices": [{"message": {"content": 7}}]}, "$.choices[0].message.content"),
        (CHAT_RESPONSE, {"choices": [{"message": "Yes."}]}, "$.choices[0].message"),
        (CHAT_RESPONSE, {"choices": [{"message": {"tool_calls": "f()"}}]}, "$.choices[0].message.tool_calls"),
        (CHAT_CHUNK, {"choices": [{"delta": {"content": ["Y"]}}], "id": 7}, "$.choices[0].delta.content"),
        (CHAT_CHUNK, {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": 7}}]}}]}, "function.arguments"),
        (COMPLETION_RESPONSE, {"choices": [{"text": 7}]}, "$.choices[0].text"),
        (COMPLETION_CHUNK, {"choices": [{"text": {}}]}, "$.choices[0].text"),
        (EMBEDDING_RESPONSE, {"data": [{"index": 0}]}, "`embedding` - at `$.data[0]`"),
        (EMBEDDING_RESPONSE, {"data": [{"embedding": None}]}, "`embedding` - at `$.data[0]`"),
        (EMBEDDING_RESPONSE, {"data": [{"embedding": [1.0, None]}]}, "$.data[0].embedding[1]"),
        (RERANKER_RESPONSE, {"data": [{"index": 0}]}, "`relevance_score` - at `$.data[0]`"),
        (RERANKER_RESPONSE, {"data": [{"index": 0, "score": None}]}, "`relevance_score` - at `$.data[0]`"),
        (RERANKER_RESPONSE, {"data": [{"index": 0, "score": "good"}]}, "$.data[0].relevance_score"),
        (RERANKER_RESPONSE, {"data": [{"score": 0.5}]}, "`index` - at `$.data[0]`"),
        (RERANKER_RESPONSE, {"data": [{"score": 0.5, "index": "x"}]}, "$.data[0].index"),
        (RERANKER_RESPONSE, {"data": [{"score": 0.5, "index": 0, "document": {"id": 1}}]}, "$.data[0].document"),
        (RERANKER_RESPONSE, {"data": [], "failure": {"code": 1}}, "$.failure"),
        (TRANSCRIBE_RESPONSE, {"text": ["Yes."]}, "$.text"),
        (IMAGE_RESPONSE, {"data": [{"url": 7}]}, "$.data[0].url"),
        (USAGE_RESPONSE, {"overall": [{"total_tokens": {}}]}, "$.overall[0].total_tokens"),
        (HEALTH_RESPONSE, {"postgres": True}, "$.postgres"),
    ],
)
def test_what_was_asked_for_is_never_made_up(decoding: Decoding[Any], body: object, place: str) -> None:
    """Content, calls, vectors, scores, texts and images of a wrong type, and all of a look, are refused by place."""
    with pytest.raises(ImagineDecodeException) as caught:
        read(decoding, body)
    assert place in str(caught.value)


@pytest.mark.parametrize("beside", [{}, {"relevance_score": None}])
def test_other_names_of_a_reranking_are_taken(beside: dict[str, Any]) -> None:
    """`results`, `score` and a document with a `text` are what others call `data`, `relevance_score` and a text."""
    results = [{"index": 1, "score": 0.75, "document": {"text": "d1"}, **beside}, {"index": 0, "score": 0, **beside}]
    answer = read(RERANKER_RESPONSE, {"results": results})
    assert [(one.index, one.relevance_score, one.document) for one in answer.data] == [(1, 0.75, "d1"), (0, 0.0, None)]


def test_our_own_names_of_a_reranking_come_first() -> None:
    """Where both names are there, that of the class counts."""
    data = [{"index": 0, "relevance_score": 0.5, "score": 9.0, "document": "d"}]
    [one] = read(RERANKER_RESPONSE, {"data": data, "results": [], "id": 7}).data
    assert (one.relevance_score, one.document) == (0.5, "d")


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False), min_size=1), max_size=3))
def test_vectors_in_base64_are_vectors(vectors: list[list[float]]) -> None:
    """Base64 of little-endian float32 is read, to the last bit."""
    texts = [base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() for vector in vectors]
    answer = read(EMBEDDING_RESPONSE, {"data": [{"embedding": text} for text in texts]})
    assert [one.embedding for one in answer.data] == vectors


@pytest.mark.parametrize("text", ["AAAA", "AACAPw", "AACA Pw==", "ü", "AACAPw==AACAPw=="])
def test_a_text_that_is_no_vector_is_refused(text: str) -> None:
    """What is not Base64, or no whole number of floats, is an error that shows it."""
    with pytest.raises(ImagineDecodeException, match=r"embedding`; there was '"):
        read(EMBEDDING_RESPONSE, {"data": [{"embedding": text}]})


@given(st.permutations(range(5)))
def test_any_permutation_of_vectors_is_put_in_the_order_of_the_texts(places: list[int]) -> None:
    """Where the places are those of all texts, in whatever order, vector n is that of text n."""
    data = [{"index": place, "embedding": [float(place)]} for place in places]
    assert [one.embedding for one in read(EMBEDDING_RESPONSE, {"data": data}).data] == [[float(n)] for n in range(5)]


@given(st.lists(st.none() | st.integers(-2, 5) | st.text(max_size=2), max_size=5))
def test_places_that_are_no_permutation_change_nothing(places: list[Any]) -> None:
    """Where places are missing, odd, twice there or beyond the texts, vectors stay where they are."""
    data = [{"index": place, "embedding": [float(n)]} for n, place in enumerate(places)]
    answer = read(EMBEDDING_RESPONSE, {"data": data})
    if sorted(one.index for one in answer.data) != list(range(len(data))):
        assert [one.embedding for one in answer.data] == [[float(n)] for n in range(len(data))]


@pytest.mark.parametrize("decoding", [CHAT_RESPONSE, COMPLETION_RESPONSE])
def test_the_usage_of_a_choice_is_that_of_its_answer(decoding: Decoding[Any]) -> None:
    """It counts where the answer has none and the choice is the only one; else the answer's own does."""
    choice = {"usage": {"total_tokens": 3}}
    answers = [{"choices": [choice]}, {"choices": [choice], "usage": {"total_tokens": 4}}, {"choices": [choice] * 2}]
    usages = [read(decoding, answer).usage for answer in answers]
    assert [usage and usage.total_tokens for usage in usages] == [3, 4, None]


def test_an_answer_of_a_history_may_be_odd_and_its_request_may_not() -> None:
    """What was sent is told as it was, or not at all."""
    request = {"messages": [{"role": "user", "content": "?"}], "model": "m", "stream": False}
    [(answer, _)] = read(CHAT_HISTORY, [[{**CHAT, "id": 7}, request]])
    assert answer.id == "7"
    with pytest.raises(ImagineDecodeException, match=r"\$\[0\]\[1\].temperature"):
        read(CHAT_HISTORY, [[CHAT, {**request, "temperature": {}}]])


def test_classes_of_others_and_messages_alone_are_not_mended() -> None:
    """Only answers of ours are read that leniently: who checks a message, or a class of their own, is told."""

    class Mine(msgspec.Struct):
        id: str = ""

    with pytest.raises(ImagineDecodeException, match=r"\$\.id"):
        fit({"id": 7}, Mine)
    with pytest.raises(ImagineDecodeException, match=r"\$\.role"):
        ChatMessage.model_validate({"role": 7})
    assert fit([{**CHAT, "id": 7}], list[ChatCompletionResponse])[0].id == "7"
