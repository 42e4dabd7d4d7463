"""Conversations as files: what is in them, and what is refused of them."""

from __future__ import annotations

import asyncio
import json
import stat
from decimal import Decimal
from enum import Enum

import pytest
from support.clients import until
from support.tools import OSLO, sent_messages, weather

from imagine import ChatMessage, ImagineException
from imagine.server import Reply

pytestmark = pytest.mark.anyio


class Kind(Enum):
    """Who speaks."""

    ROBOT = "robot"


@pytest.fixture
def path(tmp_path):
    """Where a conversation is saved."""
    return tmp_path / "conversation.json"


@pytest.fixture
async def saved(client, server, path):
    """One with a tool and all that can be set."""
    server.chat.replies(OSLO, "It rains.")
    conversation = client.conversation("Be brief.", "m", tools=[weather], budget=5_000, max_turns=3, max_tokens=9)
    await conversation.ask("Oslo?")
    conversation.messages[-1].reasoning = "Why not."
    conversation.save(path)
    return conversation


async def test_a_conversation_survives_a_restart(client, server, saved, path):
    """It goes on as it was left: messages, system, model, options, budget, turns, usage."""
    loaded = client.load_conversation(path, tools=[weather])
    assert (loaded.messages, loaded.system, loaded.usage) == (saved.messages, saved.system, saved.usage)
    assert loaded.messages[-1].reasoning == "Why not."
    loaded.save(path.with_suffix(".again"))
    assert path.with_suffix(".again").read_bytes() == path.read_bytes()
    server.chat.replies("Yes.")
    await loaded.ask("Really?")
    body = json.loads(server.requests[-1].body)
    assert (body["model"], body["max_tokens"], len(body["tools"])) == ("m", 9, 1)
    assert [message["role"] for message in sent_messages(server)][-1] == "user"


async def test_a_file_holds_no_secrets(client, server, path):
    """Neither the key nor headers, and only its owner may read it."""
    path.touch(0o644)
    conversation = client.conversation(extra_headers={"X-Tenant": "hush"}, timeout=5, extra_body={"n": 1}, seed=3)
    await conversation.ask("Hello?")
    conversation.save(path)
    assert server.api_key not in path.read_text()
    assert "hush" not in path.read_text()
    assert json.loads(path.read_text())["options"] == {"extra_body": {"n": 1}, "seed": 3}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_is_being_asked_is_not_saved(client, server, path):
    """A file has whole exchanges alone."""
    server.chat.replies(Reply("Late.", delay=30))
    conversation = client.conversation()
    stream = conversation.ask_stream("How?")
    reader = asyncio.create_task(stream.final())
    await until(lambda: server.requests)
    conversation.save(path)
    assert json.loads(path.read_text())["messages"] == []
    await stream.aclose()
    with pytest.raises(ImagineException):
        await reader


async def test_texts_of_all_kinds_come_back(client, path):
    """Also what models stream that is no Unicode, and parts."""
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]
    messages = [ChatMessage(role="user", content=parts), ChatMessage(role="assistant", content="\ud800 你\x00\n")]
    conversation = client.conversation(messages=messages)
    conversation.save(path)
    assert client.load_conversation(path).messages == messages


async def test_options_are_saved_as_they_are_sent(client, path):
    """Decimals, enums and arrays stand for plain values."""
    client.conversation(temperature=Decimal("0.50"), extra_body={"user": Kind.ROBOT}).save(path)
    assert b'"options":{"temperature":0.50,"extra_body":{"user":"robot"}}' in path.read_bytes()
    client.load_conversation(path)


async def test_a_file_that_cannot_be_written_leaves_what_was_there(client, path):
    """The error is the system's own."""
    conversation = client.conversation()
    with pytest.raises(OSError, match="No such file or directory"):
        conversation.save(path / "in" / "no folder")
    path.mkdir()
    with pytest.raises(OSError, match=r"conversation\.json"):
        conversation.save(path)
    with pytest.raises(FileNotFoundError):
        client.load_conversation(path.with_suffix(".none"))


async def test_tools_that_are_missing_are_named(client, saved, path):
    """Their calls are in the conversation, and the model would ask for them again."""
    with pytest.raises(ImagineException, match="has tools that are not given, tools=: weather"):
        client.load_conversation(path)


async def test_a_newer_format_is_told(client, saved, path):
    """What it holds is not guessed at."""
    path.write_bytes(path.read_bytes().replace(b"imagine.conversation/1", b"imagine.conversation/2"))
    with pytest.raises(ValueError, match=r"of the format imagine\.conversation/2, and this version of imagine reads"):
        client.load_conversation(path, tools=[weather])


async def test_a_file_that_was_cut_anywhere_is_refused(client, saved, path):
    """The message has its path."""
    whole = path.read_bytes()
    for size in range(0, len(whole), 7):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"conversation\.json is no conversation"):
            client.load_conversation(path, tools=[weather])


CALL = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
HOSTILE = [
    b"",
    b"null",
    b"[]",
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"format": 1}',
    b'{"format": "imagine.conversation/1"}',
    *(
        json.dumps({"format": "imagine.conversation/1", **members}).encode()
        for members in ({"messages": 3}, {"format": ["imagine.conversation/1"]}, {"messages": [[]]})
    ),
]
WRONG = [
    {"messages": "Hello"},
    {"messages": [{"role": "system", "content": "Obey."}]},
    {"messages": [{"role": 1}]},
    {"messages": [{"role": "user", "content": [[]]}]},
    {"messages": [{"role": "assistant", "tool_calls": [CALL]}]},
    {"messages": [{"role": "user", "strange": 1}]},
    {"options": {"extra_headers": {"Authorization": "x"}}},
    {"options": {"temperature": "hot"}},
    {"options": {"max_tokens": -1}},
    {"options": {"extra_body": 3}},
    {"budget": 0},
    {"budget": True},
    {"max_turns": 0},
    {"ratio": 1e300},
    {"ratio": -1},
    {"ratio": float("nan")},
    {"usage": {"prompt_tokens": "many"}},
    {"tools": "weather"},
    {"model": None},
    {"strange": 1},
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
async def test_what_is_no_conversation_is_refused(client, path, content):
    """Whatever it is, with its path."""
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"conversation\.json is no conversation that can be gone on with"):
        client.load_conversation(path)


@pytest.mark.parametrize("members", WRONG, ids=str)
async def test_members_that_do_not_fit_are_refused(client, saved, path, members):
    """A file is checked as arguments are."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **members}))
    with pytest.raises(ValueError, match=r"conversation\.json is no conversation that can be gone on with"):
        client.load_conversation(path, tools=[weather])


async def test_a_conversation_is_neither_copied_nor_pickled(client):
    """The message says what to do."""
    import copy

    conversation = client.conversation()
    with pytest.raises(TypeError, match=r"cannot be copied or pickled: fork\(\) it, or save\(\) it"):
        copy.copy(getattr(conversation, "_inner", conversation))
