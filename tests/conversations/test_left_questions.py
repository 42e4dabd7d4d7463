"""Questions that are cancelled, left or interrupted: nothing of them is kept, unless that is asked for."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading
import weakref

import pytest
from support.clients import Blocking, until
from support.scripted import events
from support.tools import OSLO, asks, sent_messages, weather

from imagine import ImagineAsyncClient, ImagineClient, ImagineException, ImagineStreamException, ToolCall, Turn
from imagine._blocking.conversation import BlockingConversation
from imagine.server import Reply

pytestmark = pytest.mark.anyio

PARTIAL = [{"type": "partial"}]
PIECE = {"choices": [{"delta": {"content": "Networks "}}]}


def kept(conversation):
    """Roles and texts of what was kept."""
    return [(message.role, message.content) for message in conversation.messages]


async def read_until(stream, is_enough):
    """Read a stream as far as that."""
    async for event in stream:
        if is_enough(event):
            return


def has_text(event):
    """Whether it is a piece of text."""
    return bool(event.first_content)


async def test_a_stream_that_is_left_keeps_nothing(client, server):
    """The next question may be asked at once."""
    server.chat.replies("Networks work.", "Yes.")
    conversation = client.conversation()
    async with conversation.ask_stream("How?") as stream:
        await read_until(stream, has_text)
    assert conversation.messages == []
    await conversation.ask("Really?")
    assert kept(conversation) == [("user", "Really?"), ("assistant", "Yes.")]


async def test_a_stream_that_is_dropped_keeps_nobody_from_asking(client, server):
    """Nobody can read it any more."""
    server.chat.replies("Networks work.", "Yes.")
    conversation = client.conversation()
    stream = conversation.ask_stream("How?")
    await read_until(stream, has_text)
    dropped = weakref.ref(stream._inner._async if isinstance(stream, Blocking) else stream)  # the thread has it last
    del stream
    await until(lambda: dropped() is None)
    await conversation.ask("Really?")
    assert kept(conversation) == [("user", "Really?"), ("assistant", "Yes.")]


async def test_a_stream_is_kept_with_its_last_turn(client, server):
    """Who has read all of the text and leaves before that has left it."""
    server.chat.replies("Networks work.", "Networks work.")
    conversation = client.conversation()
    async with conversation.ask_stream("How?") as stream:
        assert (await stream.final()).first_content == "Networks work."
    async with conversation.ask_stream("How?") as stream:
        await read_until(stream, lambda event: isinstance(event, Turn))
        assert len(conversation.messages) == 4
        await stream.keep_partial()
    assert len(conversation.messages) == 4


async def test_what_came_can_be_kept(client, server):
    """The text so far is marked as a part, which is not sent."""
    server.faults.script([events(PIECE, PIECE)])
    conversation = client.conversation()
    stream = conversation.ask_stream("How?")
    with pytest.raises(ImagineStreamException):
        await stream.final()
    await stream.keep_partial()
    await stream.keep_partial()
    assert kept(conversation) == [("user", "How?"), ("assistant", "Networks Networks ")]
    assert conversation.messages[1].annotations == PARTIAL
    await conversation.ask("And now?")
    assert sent_messages(server)[1] == {"role": "assistant", "content": "Networks Networks "}


async def test_turns_that_came_are_kept_whole(client, server):
    """Calls that were not answered are left out."""
    server.chat.replies(OSLO, OSLO)
    conversation = client.conversation(tools=[weather])
    async with conversation.ask_stream("Oslo?") as stream:
        await read_until(stream, lambda event: isinstance(event, Turn))
        await read_until(stream, lambda event: isinstance(event, ToolCall))
    await stream.keep_partial()
    assert [message.role for message in conversation.messages] == ["user", "assistant", "tool"]


async def test_nothing_is_kept_where_nothing_came(client, server):
    """A question without an answer would stand before the next question."""
    server.chat.replies(Reply("Late.", delay=30))
    conversation = client.conversation()
    stream = conversation.ask_stream("How?")
    await stream.keep_partial()
    reader = asyncio.create_task(read_until(stream, has_text))
    await until(lambda: server.requests)
    await stream.keep_partial()
    await reader
    assert conversation.messages == []


async def test_what_came_is_not_kept_behind_what_was_said_since(client, server):
    """It did not know of that."""
    server.chat.replies("Networks work.", "Yes.")
    conversation = client.conversation()
    async with conversation.ask_stream("How?") as stream:
        await read_until(stream, has_text)
    await conversation.ask("Really?")
    with pytest.raises(ImagineException, match="has gone on since this stream was left"):
        await stream.keep_partial()
    assert kept(conversation) == [("user", "Really?"), ("assistant", "Yes.")]
    await conversation.ask_stream("How?").aclose()


async def test_a_run_keeps_what_came_in_its_messages(client, server):
    """The same for who keeps the messages himself."""
    server.faults.script([events(PIECE)])
    run = client.run_tools_stream([{"role": "user", "content": "How?"}], tools=[weather])
    with pytest.raises(ImagineStreamException):
        await run.final()
    await run.keep_partial()
    assert run.messages[-1].content == "Networks "
    assert run.messages[-1].annotations == PARTIAL


@pytest.mark.parametrize("streams", [False, True])
async def test_a_question_is_cancelled_at_any_step(server, streams):
    """It is kept whole or not at all, and the next one may be asked at once."""
    server.chat.replies(OSLO, when=lambda asked: asked.messages[-1].content == "Oslo?")
    server.chat.replies("It rains.", when=lambda asked: asked.messages[-1].role == "tool")
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        await client.ping()
        conversation = client.conversation(tools=[weather])
        for steps in itertools.count(0, 13):
            asked = conversation.ask_stream("Oslo?").final() if streams else conversation.ask("Oslo?")
            task = asyncio.create_task(asked)
            for _ in range(steps):
                await asyncio.sleep(0)
            if task.done():
                break
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert conversation.messages == []
    assert steps > 13
    assert [message.role for message in conversation.messages] == ["user", "assistant", "tool", "assistant"]


def interrupt() -> None:
    """Press Ctrl-C."""
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("streams", [False, True])
def test_ctrl_c_keeps_nothing(server, streams):
    """It is raised at once, and asking again is safe at once."""
    ended = threading.Event()

    def press() -> None:
        """Press Ctrl-C, and hang until that is done."""
        interrupt()
        assert ended.wait(30)

    server.chat.replies(asks(("press", {})), "Yes.")
    with ImagineClient(server.endpoint, server.api_key) as client:
        conversation = client.conversation(tools=[press])
        with pytest.raises(KeyboardInterrupt):
            (conversation.ask_stream("How?").final if streams else lambda: conversation.ask("How?"))()
        assert conversation.messages == []
        ended.set()
        conversation.ask("Really?")
        assert [message.role for message in conversation.messages] == ["user", "assistant"]


def test_ctrl_c_in_a_stream_can_keep_what_came(server):
    """As a terminal does, which shows what came."""
    server.chat.replies("Networks work as they do.", "Yes.")
    with ImagineClient(server.endpoint, server.api_key) as client:
        conversation = client.conversation()
        stream = conversation.ask_stream("How?")
        with pytest.raises(KeyboardInterrupt), stream:
            for event in stream:
                if event.first_content:
                    interrupt()
                    threading.Event().wait(30)
        stream.keep_partial()
        assert [message.annotations for message in conversation.messages] == [None, PARTIAL]
        assert "Networks work as they do.".startswith(conversation.messages[1].content)
        conversation.ask("Really?")
        assert len(conversation.messages) == 4


def test_ctrl_c_when_the_answer_was_just_kept_takes_it_back(server):
    """Who was interrupted never saw it, and asks again."""
    seen = threading.Event()

    def raise_it(*_):
        """Tell that the thread is interrupted."""
        seen.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, raise_it)
    with ImagineClient(server.endpoint, server.api_key) as client:
        conversation = client.conversation()

        async def ask_and_interrupt():
            """Let the interrupt come after the answer, and before its delivery."""
            answer = await conversation._async.ask("How?")
            assert len(conversation.messages) == 2
            interrupt()
            assert seen.wait(30)
            return answer

        try:
            with pytest.raises(KeyboardInterrupt):
                BlockingConversation._call(conversation, ask_and_interrupt)
        finally:
            signal.signal(signal.SIGINT, before)
        assert conversation.messages == []
