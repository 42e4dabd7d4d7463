"""What is sent of a conversation that has a budget: whole exchanges, the latest that fit."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scripted import json_answer
from support.tools import asks, sent_messages, weather

from imagine import ChatMessage, ChatMessageToolCall, Function, ImagineClient, ImagineToolException
from imagine._conversing.gauge import estimated

pytestmark = pytest.mark.anyio


def tokens(message):
    """A count of the test's own."""
    return 1 + len(message.content or "")


TEXTS = st.text("ab", max_size=6)


@st.composite
def exchanges(draw, numbers):
    """A question, rounds of tools that were called at once, and mostly an answer."""
    messages = [ChatMessage(role="user", content=draw(TEXTS))]
    for calls in draw(st.lists(st.integers(1, 3), max_size=2)):
        ids = [f"call_{next(numbers)}" for _ in range(calls)]
        made = [ChatMessageToolCall(id=id, type="function", function=Function(name="f", arguments="{}")) for id in ids]
        messages.append(ChatMessage(role="assistant", tool_calls=made))
        messages += [ChatMessage(role="tool", tool_call_id=id, content=draw(TEXTS)) for id in ids]
    if draw(st.booleans()):
        messages.append(ChatMessage(role="assistant", content=draw(TEXTS)))
    return messages


@st.composite
def conversations(draw):
    """Some exchanges, the first of which may have no question."""
    numbers = itertools.count()
    drawn = [draw(exchanges(numbers)) for _ in range(draw(st.integers(1, 5)))]
    opening = [ChatMessage(role="assistant", content=draw(TEXTS))] if draw(st.booleans()) else []
    return [opening, *drawn] if opening else drawn


@given(conversations(), st.integers(1, 80), st.integers(0, 20), st.sampled_from([None, "", "Be brief."]))
def test_a_window_has_the_latest_whole_exchanges_that_fit(parted, budget, max_tokens, system):
    """System and last question are always in it, no result without its call, and no exchange more would fit."""
    messages = list(itertools.chain.from_iterable(parted))
    client = ImagineClient("http://127.0.0.1:1", "key")
    conversation = client.conversation(
        system, messages=messages, budget=budget, count=tokens, max_tokens=max_tokens or None
    )
    head = [] if system is None else [ChatMessage(role="system", content=system)]
    sizes = [sum(map(tokens, exchange)) for exchange in parted]
    room = budget - max_tokens - sum(map(tokens, head))
    fitting = [start for start in range(len(parted)) if sum(sizes[start:]) <= room]
    if not fitting:
        with pytest.raises(ValueError, match=f"budget={budget}"):
            conversation.window()
        return
    assert conversation.window() == [*head, *itertools.chain.from_iterable(parted[fitting[0] :])]
    assert conversation.messages == messages


async def test_what_is_sent_is_the_window(client, server):
    """All is kept; what has no room beside the question and its answer is not sent."""
    conversation = client.conversation("Be brief.", budget=100, max_tokens=50, count=lambda _: 10)
    for number in range(4):
        await conversation.ask(f"Question {number}?")
    assert [message["role"] for message in sent_messages(server)] == ["system", "user", "assistant", "user"]
    assert sent_messages(server)[1]["content"] == "Question 2?"
    assert len(conversation.messages) == 8
    await conversation.ask("Question 4?", max_tokens=80)
    assert [message["role"] for message in sent_messages(server)] == ["system", "user"]


async def test_a_question_that_is_too_long_is_not_sent(client, server):
    """The message has the numbers; a stream says so when it is asked for."""
    conversation = client.conversation(budget=50, max_tokens=20)
    words = "takes about 104 tokens, and budget=50, of which max_tokens=20 are the answer's: ask for less"
    with pytest.raises(ValueError, match=words):
        await conversation.ask("x" * 400)
    with pytest.raises(ValueError, match=words):
        conversation.ask_stream("x" * 400)
    assert (server.requests, conversation.messages) == ([], [])
    await conversation.ask("x")


async def test_schemas_of_tools_count(client):
    """They are sent with each request."""
    conversation = client.conversation(tools=[weather], budget=50)
    with pytest.raises(ValueError, match="system and tools, takes about"):
        await conversation.ask("Oslo?")


async def test_results_that_are_too_long_end_the_run(client, server):
    """The exception has all that came."""

    def novel() -> str:
        """Tell a long story."""
        return "x" * 4_000

    server.chat.replies(asks(("novel", {})))
    conversation = client.conversation(tools=[novel], budget=500)
    with pytest.raises(ImagineToolException, match=r"budget=500.*`messages` has all of it") as raised:
        await conversation.ask("Tell!")
    assert raised.value.reason == "budget"
    assert [message.role for message in raised.value.messages] == ["user", "assistant", "tool"]
    assert conversation.messages == []


async def test_room_for_results_is_made_under_way(client, server):
    """Older exchanges are dropped between two turns of a run, too."""

    def story() -> str:
        """Tell a story."""
        return "x" * 400

    conversation = client.conversation(tools=[story], budget=190)
    server.chat.replies("y" * 200, asks(("story", {})), "Done.")
    await conversation.ask("First?")
    await conversation.ask("Second?")
    assert [message["role"] for message in sent_messages(server)] == ["user", "assistant", "tool"]
    assert len(conversation.messages) == 6


def answer(text, **usage):
    """An answer with this usage."""
    return json_answer({"choices": [{"message": {"role": "assistant", "content": text}}], "usage": usage})


@pytest.mark.parametrize(
    ("prompt_tokens", "sent"), [(100, 9), (1_100, 9), (2_300, 7), (3_000, 5), (10**30, 3), (-5, 9), (None, 9)]
)
async def test_the_guess_learns_from_what_services_count(client, server, prompt_tokens, sent):
    """By the largest ratio that was shown; few tokens more around a short prompt, or nonsense, mean nothing."""
    messages = [ChatMessage(role=role, content="x" * 480) for _ in range(4) for role in ("user", "assistant")]
    conversation = client.conversation(messages=messages, budget=2_000)
    server.faults.script([answer("", prompt_tokens=prompt_tokens), answer("", prompt_tokens=5)])
    await conversation.ask("x" * 480)
    del conversation.messages[8:]
    await conversation.ask("x" * 480)
    assert len(sent_messages(server)) == sent


async def test_a_short_prompt_says_nothing_of_the_text(client, server):
    """Its tokens are those that the service puts around it."""
    conversation = client.conversation(budget=400)
    server.faults.script([answer("Hi.", prompt_tokens=60)])
    await conversation.ask("Hi")
    assert len(conversation.window()) == 2
    await conversation.ask("x" * 1_200)


@pytest.mark.parametrize("returned", [None, 1.5, True, -1])
async def test_a_count_that_is_none_is_refused(client, server, returned):
    """Before anything is sent."""
    conversation = client.conversation(budget=100, count=lambda _: returned)
    with pytest.raises(TypeError, match="count must return how many tokens a message has"):
        await conversation.ask("Hello?")
    assert server.requests == []


CALLS = [ChatMessageToolCall(id="a", function=Function(name="abcd", arguments='{"a": 1}'))]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (ChatMessage(role="user", content=""), 4),
        (ChatMessage(role="user", content="abcde"), 6),
        (ChatMessage(role="user", content="你好世界"), 7),
        (ChatMessage(role="user", content="\ud800"), 5),
        (ChatMessage(role="assistant", tool_calls=CALLS), 7),
        (ChatMessage(role="user", content=[{"type": "text", "text": "abcd"}, {"type": "image_url"}]), 1_005),
        (ChatMessage(role="assistant"), 4),
    ],
)
def test_tokens_are_guessed_by_bytes(message, expected):
    """A token to four bytes of UTF-8, and four around each message; an image counts by itself."""
    assert estimated(message) == expected
