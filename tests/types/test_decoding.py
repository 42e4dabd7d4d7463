"""Answers of live services decode whatever their quirks; what cannot be read is an error that says where and why."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest

from imagine.exceptions import ImagineDecodeException
from imagine.types.chat_completions import CHAT_CHUNK, CHAT_RESPONSE, ChatCompletionResponse, ChatMessage
from imagine.types.common import DeltaMessage, UsageInfo
from imagine.types.completions import COMPLETION_CHUNK, COMPLETION_RESPONSE
from imagine.types.decoding import Decoding, fit
from imagine.types.embeddings import EMBEDDING_RESPONSE
from imagine.types.reranker import RERANKER_RESPONSE
from imagine.types.usage import USAGE_RESPONSE, UsageRecord

DEEP = b"[" * 100_000


def chunk(delta: bytes, tail: bytes = b"") -> bytes:
    return b'{"id": "c", "choices": [{"index": 0, "delta": ' + delta + b"}]" + tail + b"}"


def test_a_body_with_its_required_field_alone_decodes_to_defaults() -> None:
    """What is missing gets the default that its class documents."""
    assert CHAT_RESPONSE.decode(b'{"choices": [{}]}').model_dump() == {
        "id": "",
        "object": "",
        "created": 0.0,
        "model": "",
        "choices": [
            {
                "index": 0,
                "message": ChatMessage().model_dump(),
                "finish_reason": None,
                "logprobs": None,
                "stop_reason": None,
                "usage": None,
            }
        ],
        "usage": None,
        "system_fingerprint": None,
        "service_tier": None,
    }


@pytest.mark.parametrize(
    ("decoding", "required"),
    [
        (CHAT_RESPONSE, "choices"),
        (CHAT_CHUNK, "choices"),
        (COMPLETION_RESPONSE, "choices"),
        (EMBEDDING_RESPONSE, "data"),
    ],
)
def test_null_anywhere_but_in_the_required_field_decodes_to_defaults(decoding: Decoding[Any], required: str) -> None:
    """A null where a value belongs counts as missing."""
    nulls = {name: None for name in decoding.type.__struct_fields__}
    body = msgspec.json.encode({**nulls, required: []})
    assert decoding.decode(body) == decoding.type(**{required: []})


def test_null_deep_inside_counts_as_missing_too() -> None:
    """Nulls in nested objects decode to the defaults of their classes."""
    body = b'{"id": "e", "data": [{"object": null, "embedding": [1.5], "index": null}]}'
    [vector] = EMBEDDING_RESPONSE.decode(body).data
    assert (vector.object, vector.embedding, vector.index) == ("", [1.5], 0)


def test_lists_of_usage_may_be_missing() -> None:
    """A usage answer without its lists is empty."""
    assert USAGE_RESPONSE.decode(b'{"overall": null}').model_dump() == {"usage": [], "overall": []}


def test_unknown_fields_are_ignored() -> None:
    """Fields that nobody documented do not disturb."""
    body = chunk(b'{"content": "x", "mood": [1]}', b', "weather": {"a": null}')
    assert CHAT_CHUNK.decode(body).first_content == "x"


@pytest.mark.parametrize("calls", [b"null", b"[]"])
def test_tool_calls_may_be_null_or_empty(calls: bytes) -> None:
    """Both ways of saying that there are no tool calls decode."""
    [choice] = CHAT_CHUNK.decode(chunk(b'{"content": "x", "tool_calls": ' + calls + b"}")).choices
    assert not choice.delta.tool_calls


def test_pieces_of_tool_calls_decode() -> None:
    """A piece of a tool call keeps its index and its piece of arguments."""
    body = chunk(b'{"tool_calls": [{"index": 1, "function": {"arguments": "{\\"ci"}}]}')
    [call] = CHAT_CHUNK.decode(body).choices[0].delta.tool_calls or []
    assert call.index == 1
    assert call.function is not None
    assert (call.id, call.function.name, call.function.arguments) == (None, None, '{"ci')


@pytest.mark.parametrize("created", [b"1763856000", b"1763856000.0", b'"1763856000"'])
def test_created_may_be_any_number(created: bytes) -> None:
    """Integers, floats and numbers in quotes make the same time."""
    assert CHAT_CHUNK.decode(b'{"choices": [], "created": ' + created + b"}").created == 1763856000.0


def test_a_count_may_be_written_as_a_float() -> None:
    """A whole number with a decimal point is a count."""
    answer = CHAT_RESPONSE.decode(b'{"choices": [], "usage": {"total_tokens": 3.0}}')
    assert answer.usage == UsageInfo(total_tokens=3)


@pytest.mark.parametrize(
    ("delta", "content"),
    [
        (b'"delta": {"content": "up"}', "up"),
        (b'"text": "up"', "up"),
        (b'"delta": null, "text": "up"', "up"),
        (b'"delta": {}, "text": "up"', "up"),
        (b'"delta": {"content": "up"}, "text": "other"', "up"),
        (b'"text": ""', ""),
        (b'"index": 0', None),
    ],
)
def test_a_completion_chunk_has_its_text_in_the_delta(delta: bytes, content: str | None) -> None:
    """Whether a service streams `delta` or `text`, `first_content` has the text."""
    assert COMPLETION_CHUNK.decode(b'{"choices": [{' + delta + b"}]}").first_content == content


def test_text_does_not_leak_into_the_next_chunk() -> None:
    """Each choice without a delta has a delta of its own."""
    COMPLETION_CHUNK.decode(b'{"choices": [{"text": "up"}]}')
    assert COMPLETION_CHUNK.decode(b'{"choices": [{}]}').choices[0].delta == DeltaMessage()


def test_nan_and_infinity_decode() -> None:
    """NaN and Infinity, which JSON does not have, arrive as floats."""
    body = b'{"data": [{"index": 0, "relevance_score": NaN}, {"index": 1, "relevance_score": -Infinity}]}'
    first, second = RERANKER_RESPONSE.decode(body).data
    assert math.isnan(first.relevance_score)
    assert second.relevance_score == -math.inf


def test_nan_in_place_of_a_count_counts_as_missing() -> None:
    """A token count that is NaN does not cost the answer."""
    answer = CHAT_RESPONSE.decode(b'{"choices": [], "usage": {"total_tokens": NaN, "prompt_tokens": 2}}')
    assert answer.usage == UsageInfo(prompt_tokens=2)


def test_a_lone_surrogate_in_text_arrives_as_it_came() -> None:
    """Half of a surrogate pair, as a cut emoji leaves it, is delivered."""
    assert CHAT_CHUNK.decode(chunk(rb'{"content": "a\ud83d"}')).first_content == "a\ud83d"


@pytest.mark.parametrize("tail", [rb', "\udc00": 1', rb', "model": null, "\udc00": null'])
def test_a_lone_surrogate_in_a_field_name_is_no_obstacle(tail: bytes) -> None:
    """Where surrogates stand in the way of reading a body, they are replaced in all of it."""
    assert CHAT_CHUNK.decode(chunk(rb'{"content": "a\ud83d"}', tail)).first_content == "a\ufffd"


def test_a_lone_surrogate_in_place_of_a_number_is_an_error_of_ours() -> None:
    """A surrogate that is to be a number does not let a UnicodeError out."""
    with pytest.raises(ImagineDecodeException, match=r"`\$.data\[0\].relevance_score`"):
        RERANKER_RESPONSE.decode(rb'{"data": [{"index": 0, "relevance_score": "\ud800"}]}')


def test_a_lone_surrogate_in_a_finish_reason_is_replaced() -> None:
    """An unreadable finish reason is kept as far as it can be read."""
    body = rb'{"choices": [{"text": "x", "finish_reason": "\ud800!"}]}'
    assert COMPLETION_RESPONSE.decode(body).choices[0].finish_reason == "\ufffd!"


def test_invalid_utf8_is_replaced() -> None:
    """Bytes that are no UTF-8 arrive as U+FFFD."""
    assert CHAT_CHUNK.decode(chunk(b'{"content": "a\xffb"}')).first_content == "a\ufffdb"


def test_a_byte_order_mark_is_skipped() -> None:
    """A body that begins with a byte order mark decodes."""
    assert CHAT_CHUNK.decode(b"\xef\xbb\xbf" + chunk(b'{"content": "x"}')).first_content == "x"


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_any_buffer_decodes_on_both_ways(kind: type[bytearray] | type[memoryview]) -> None:
    """Buffers of all kinds are read, by the quick way and by the slow one."""
    assert CHAT_CHUNK.decode(kind(chunk(b'{"content": "x"}'))).first_content == "x"
    assert CHAT_CHUNK.decode(kind(chunk(b'{"content": "\xff"}'))).first_content == "\ufffd"


@pytest.mark.parametrize(
    "text",
    ["null", "true", "12", "1.5", "", "2026-11-01T00:00:00"],
)
def test_lenient_reading_leaves_texts_alone(text: str) -> None:
    """A text that looks like another type stays text."""
    assert fit({"content": text}, ChatMessage).content == text


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"error": {"message": "overloaded"}}', ["required field `choices`", "overloaded"]),
        (b'{"choices": "nope"}', ["Expected `array`, got `str` - at `$.choices`", "there was 'nope'"]),
        (b'{"choices": [{"message": "first"}]}', ["`object`", "`$.choices[0].message`", "there was 'first'"]),
        (b'{"choices": [{}, 7]}', ["`$.choices[1]`", "there was 7"]),
        (b'{"choices": null}', ["required field `choices`", "{'choices': None}"]),
        (b"[1, 2]", ["Expected `object`, got `array`", "[1, 2]"]),
        (b"<html>502</html>", ["cannot be read as JSON", "'<html>502</html>'"]),
        (b"", ["cannot be read as JSON", "there was ''"]),
        (b'{"choices": []} trailing', ["cannot be read as JSON", "Extra data"]),
        (b'{"choices": ' + DEEP, ["cannot be read as JSON", "recursion"]),
        (b'{"choices": NaN, "x": ' + b"9" * 5000 + b"}", ["cannot be read as JSON", "4300 digits"]),
    ],
)
def test_what_does_not_fit_is_an_error_that_says_where_and_what(body: bytes, says: list[str]) -> None:
    """The error names the class, the field and what was there, and is never a foreign one."""
    with pytest.raises(ImagineDecodeException) as caught:
        CHAT_RESPONSE.decode(body)
    message = str(caught.value)
    assert "ChatCompletionResponse" in message
    assert [said for said in says if said not in message] == []
    assert caught.value.__cause__ is not None


@pytest.mark.parametrize(
    "body", [b'"' + b"x" * 10_000 + b'"', b"<" * 10_000, b"[%s]" % (b'"abcdefghij",' * 2000 + b"1")]
)
def test_an_error_shows_at_most_200_characters_of_what_was_there(body: bytes) -> None:
    """Long answers are shortened in the message."""
    with pytest.raises(ImagineDecodeException) as caught:
        CHAT_RESPONSE.decode(body)
    assert 10 < len(str(caught.value).partition("; there was ")[2]) <= 200


def test_an_error_shortens_a_long_object() -> None:
    """An object of many long members is cut to 200 characters."""
    value = {"choices": {f"{i}" * 50: "x" * 100 for i in range(4)}}
    with pytest.raises(ImagineDecodeException, match=r"\.\.\.$") as caught:
        fit(value, ChatCompletionResponse)
    assert len(str(caught.value).partition("; there was ")[2]) == 200


def test_an_integer_too_long_to_print_does_not_break_the_error() -> None:
    """A value that Python refuses to print is named by its type."""
    with pytest.raises(ImagineDecodeException, match=r"`\$.total_tokens`; there was (list|\[)"):
        fit({"total_tokens": [10**5000]}, UsageRecord)


def test_a_value_that_contains_itself_is_an_error() -> None:
    """Endless values end in our exception too."""
    endless: dict[str, Any] = {"role": 7}
    endless["content"] = [endless]
    with pytest.raises(ImagineDecodeException, match="ChatMessage"):
        fit(endless, ChatMessage)


def test_a_path_through_a_map_leads_as_far_as_it_can() -> None:
    """Where a path has no name for a step, the error shows what the steps before led to."""
    with pytest.raises(ImagineDecodeException, match=r"dict\[str, list\[int\]\].*`\$\[\.\.\.\]\[0\]`; there was \{'a'"):
        fit({"a": ["x"]}, dict[str, list[int]])
