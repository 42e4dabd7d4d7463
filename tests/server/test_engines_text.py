from __future__ import annotations

import json
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine.server.engines import NgramTextEngine, Token
from imagine.server.engines.tokens import pieces
from imagine.types.chat_completions import ChatCompletionRequest, ChatMessage, ChatMessageToolCall, Function
from imagine.types.common import LLMSamplingParams

ENGINE = NgramTextEngine()
PROMPT = "A network is"


def request(content="How does a kettle heat water?", **options):
    messages = options.pop("messages", [ChatMessage(role="user", content=content)])
    return ChatCompletionRequest(messages=messages, model="m", stream=False, **options)


def text(tokens):
    return "".join(token.text for token in tokens)


def completion(**options):
    return text(ENGINE.complete(PROMPT, LLMSamplingParams(**options)))


LONG = completion(ignore_eos=True, max_tokens=400)


@given(st.text())
def test_tokens_are_pieces_of_the_text(content):
    """Joined, the pieces of a text are the text, and each counts as a token."""
    assert "".join(pieces(content)) == content
    assert ENGINE.count(content) == len(pieces(content))


def test_equal_requests_get_equal_answers_in_every_process():
    """The answer depends neither on the process nor on its hash seed."""
    program = (
        "from imagine.server.engines import NgramTextEngine; from imagine.types.common import LLMSamplingParams;"
        f"print(''.join(t.text for t in NgramTextEngine().complete({PROMPT!r}, LLMSamplingParams(max_tokens=40))))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).parents[2],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONUTF8": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert outputs == {completion(max_tokens=40) + "\n"}


def test_seed_changes_the_text():
    """Another seed writes another text; the same seed writes it again."""
    texts = {completion(seed=seed) for seed in (1, 2, 3, 1, 2, 3)}
    assert len(texts) == 3


def test_text_is_generated_lazily():
    """An endless generation can be read as far as needed."""
    tokens = ENGINE.complete(PROMPT, LLMSamplingParams(ignore_eos=True, max_tokens=10**9))
    assert text(islice(tokens, 400)) == LONG


@given(st.integers(1, 400))
def test_max_tokens_cuts_the_same_text(limit):
    """max_tokens ends the text after that number of tokens, with finish_reason "length"."""
    tokens = list(ENGINE.complete(PROMPT, LLMSamplingParams(ignore_eos=True, max_tokens=limit)))
    assert len(tokens) == limit
    assert [token.finish_reason for token in tokens] == [None] * (limit - 1) + ["length"]
    assert LONG.startswith(text(tokens))


@given(st.data())
def test_stop_strings_end_the_text_and_are_part_of_it(data):
    """A text ends with the first of its stop strings, wherever the borders of tokens are."""
    start = data.draw(st.integers(0, len(LONG) - 1))
    stop = LONG[start : start + data.draw(st.integers(1, 30))]
    tokens = list(ENGINE.complete(PROMPT, LLMSamplingParams(ignore_eos=True, max_tokens=400, stop=["\0", stop])))
    assert text(tokens) == LONG[: LONG.find(stop) + len(stop)]
    assert tokens[-1].finish_reason == "stop"


def test_stop_token_ids_end_the_text():
    """A sequence of token ids ends the text and is part of it; ids outside the vocabulary never come."""
    vocabulary = {piece: number for number, piece in enumerate(ENGINE.vocabulary)}
    third, fourth = pieces(LONG)[2:4]
    stop_token_ids = [[10**6], [vocabulary[third], vocabulary[fourth]]]
    tokens = list(ENGINE.complete(PROMPT, LLMSamplingParams(ignore_eos=True, stop_token_ids=stop_token_ids)))
    assert text(tokens).endswith(third + fourth)
    assert tokens[-1].finish_reason == "stop"


def test_the_end_of_a_paragraph_ends_the_text():
    """Without ignore_eos the text ends by itself; with it, another paragraph follows."""
    tokens = list(ENGINE.complete(PROMPT, LLMSamplingParams(max_tokens=400)))
    assert tokens[-1] == Token("", "stop")
    assert LONG.startswith(text(tokens) + "\n\n")


@pytest.mark.parametrize("prompt", ["", "Everything is said.", "xyzzy", "xyzzy\n\n"])
def test_no_completion_is_empty(prompt):
    """Whatever the prompt, something is written."""
    assert text(ENGINE.complete(prompt, LLMSamplingParams())).strip()


def test_the_first_choice_can_be_asked_for_in_three_ways():
    """Temperature 0, top_k 1 and top_p 0 all take the most likely token."""
    assert completion(temperature=0) == completion(top_k=1) == completion(top_p=0) != completion()
    assert completion(top_k=-1, top_p=1, temperature=0.7) == completion()


@pytest.mark.parametrize(
    "penalty", [{"frequency_penalty": 1.5}, {"presence_penalty": 2}, {"repetition_penalty": 1.5}], ids=str
)
def test_penalties_make_for_more_different_words(penalty):
    """Each penalty makes repeated tokens rarer."""
    plain = pieces(completion(ignore_eos=True, max_tokens=2000))
    penalised = pieces(completion(ignore_eos=True, max_tokens=2000, **penalty))
    assert len(set(penalised)) > len(set(plain))


def test_strong_penalties_on_a_long_text_stay_in_range():
    """Thousands of repetitions neither overflow nor leave nothing to choose from."""
    for penalty in (2, -2):
        assert completion(ignore_eos=True, max_tokens=5000, frequency_penalty=penalty)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"temperature": 2.1}, "temperature must be between 0 and 2, not 2.1"),
        ({"top_p": -0.1}, "top_p must be between 0 and 1"),
        ({"top_k": 0}, "top_k must be at least 1, or -1 for all tokens, not 0"),
        ({"frequency_penalty": 3}, "frequency_penalty must be between -2 and 2"),
        ({"presence_penalty": -3}, "presence_penalty must be between -2 and 2"),
        ({"repetition_penalty": 0}, "repetition_penalty must be between 0.01 and 100"),
        ({"max_tokens": 0}, "max_tokens must be at least 1, not 0"),
        ({"stop": [".", ""]}, "stop must not hold an empty string"),
    ],
    ids=str,
)
def test_options_out_of_bounds_are_refused_at_the_call(option, message):
    """The call itself raises, before a token is asked for."""
    with pytest.raises(ValueError, match=message):
        ENGINE.complete(PROMPT, LLMSamplingParams(**option))
    with pytest.raises(ValueError, match=message):
        ENGINE.chat(request(**option))


@pytest.mark.parametrize(
    ("question", "beginning"),
    [
        ("How does a kettle heat water?", "A kettle heats water"),
        ("Tell me about a ROUTER!", "A router"),
        ("What is a networkSwitch?", "The click of the switch"),
    ],
)
def test_an_answer_begins_with_what_was_asked(question, beginning):
    """The text begins like the sentence of the training text that is closest to the question."""
    assert text(ENGINE.chat(request(question))).startswith(beginning)


def test_a_question_of_unknown_words_is_answered_too():
    """The answer can then be about anything, and is not always the same."""
    answers = {text(ENGINE.chat(request("Xyzzy?", seed=seed))) for seed in range(5)}
    assert len(answers) > 1
    assert all(answers)


def test_streaming_does_not_change_the_answer():
    """A stream brings the text that the same request gets in one piece."""
    streamed = request(stream_options={"include_usage": True})
    streamed.stream = True
    assert text(ENGINE.chat(streamed)) == text(ENGINE.chat(request()))


def test_content_in_parts_is_read():
    """The text parts of a message count, other parts don't."""
    parts = [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": "What does a router do?"}]
    assert text(ENGINE.chat(request(parts))).startswith("A router")


def test_a_tool_result_is_quoted():
    """After a tool's message the answer quotes it and names the function that was called."""
    call = ChatMessageToolCall(id="call_1", type="function", function=Function(name="get_time", arguments="{}"))
    messages = [
        ChatMessage(role="user", content="What time is it?"),
        ChatMessage(role="assistant", content=None, tool_calls=[call]),
        ChatMessage(role="tool", content="12:34", tool_call_id="call_1"),
    ]
    assert text(ENGINE.chat(request(messages=messages))) == "get_time answered: 12:34"


def test_json_is_written_where_it_is_asked_for():
    """The answer is a JSON object, or JSON that fits the schema; it is complete unless max_tokens cuts it."""
    schema = {"type": "array", "items": {"type": "integer"}, "minItems": 200}
    json_schema = {"type": "json_schema", "json_schema": {"name": "numbers", "schema": schema}}
    assert json.loads(text(ENGINE.chat(request("Count 7", response_format=json_schema)))) == [7] + [1] * 199
    plain = request("What does a router do?", response_format={"type": "json_object"})
    assert json.loads(text(ENGINE.chat(plain)))["answer"].startswith("A router")


@pytest.mark.parametrize(
    ("response_format", "message"),
    [
        ({"type": "xml"}, "response_format does not fit: .*xml"),
        ({"type": "json_schema"}, "needs json_schema.schema"),
        ({"type": "json_schema", "json_schema": {"name": "n"}}, "response_format does not fit: .*schema"),
    ],
)
def test_an_unknown_response_format_is_refused(response_format, message):
    """The error names what is wrong with it; type text is the same as no format."""
    with pytest.raises(ValueError, match=message):
        ENGINE.chat(request(response_format=response_format))
    assert text(ENGINE.chat(request(response_format={"type": "text"}))) == text(ENGINE.chat(request()))


def test_a_chat_needs_a_message():
    """A chat without messages is an error that says so, whether a text or a tool is asked for."""
    for call in (ENGINE.chat, ENGINE.tool_calls):
        with pytest.raises(ValueError, match="at least one message"):
            call(request(messages=[]))


def test_another_corpus_can_be_trained_on():
    """The engine writes what its text has."""
    engine = NgramTextEngine("one two three.")
    assert text(engine.complete("one", LLMSamplingParams())) == " two three."
