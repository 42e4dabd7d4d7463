"""What a run had is not lost, however it ends: errors carry it, and its tokens are counted."""

from __future__ import annotations

import asyncio
import threading

import pytest
from support.clients import HELLO, until
from support.tools import OSLO, asks, turns, weather

from imagine import ImagineAsyncClient, ImagineException, ImagineToolException, ToolCall, ToolResult
from imagine.server import Reply

pytestmark = pytest.mark.anyio

COUNTED = {"stream_options": {"include_usage": True}}


async def test_an_error_of_the_service_carries_the_run(begin, client, server):
    """Its class is that of any call; conversation, last answer and tokens are those of the run."""
    server.chat.replies(OSLO, Reply(fault="status;code=500"))
    run = begin(tools=[weather], **COUNTED)
    with pytest.raises(ImagineException) as raised:
        await run.final()
    error = raised.value
    assert error.http_status == 500
    assert [getattr(message, "role", "user") for message in error.messages] == ["user", "assistant", "tool"]
    assert error.partial.choices[0].message.tool_calls[0].function.name == "weather"
    assert error.usage == run.usage == run.turns[0].answer.usage
    server.chat.replies("It rains.")
    assert (await client.run_tools(error.messages, tools=[weather]).final()).first_content == "It rains."


async def test_a_stream_that_breaks_carries_the_run(client, server):
    """`partial` is what came of the answer that broke."""
    server.chat.replies(OSLO, Reply("It rains in Oslo.", fault="cut-stream;after=3"))
    with pytest.raises(ImagineException) as raised:
        await client.run_tools_stream(HELLO, tools=[weather]).final()
    assert "It rains in Oslo.".startswith(raised.value.partial.first_content)
    assert len(raised.value.messages) == 3


async def test_results_beside_one_that_failed_are_not_lost(begin, server):
    """What was done is known to the exception, though the turn was not completed; so are the tokens of its answer."""
    paid = threading.Event()

    def pay() -> str:
        """Pay."""
        paid.set()
        return "paid"

    async def broken() -> str:
        """Fail after that."""
        await asyncio.to_thread(paid.wait, 30)
        raise LookupError("broken")

    server.chat.replies(asks(("pay", {}), ("broken", {})))
    run = begin(tools=[pay, broken], tool_errors="raise", tool_concurrency=1, **COUNTED)
    with pytest.raises(ImagineToolException) as raised:
        await run.final()
    assert [result.value for result in raised.value.results] == ["paid"]
    assert raised.value.usage == raised.value.partial.usage == run.usage
    assert raised.value.usage.total_tokens > 0


async def test_results_of_a_run_that_was_closed_are_not_lost(begin, server):
    """Neither those that came before nor those that nobody had asked for yet."""
    at_work, opened = threading.Event(), threading.Event()

    def pay() -> str:
        """Pay."""
        return "paid"

    def hang() -> None:
        """Hang."""
        at_work.set()
        opened.wait(30)

    server.chat.replies(asks(("pay", {}), ("hang", {})))
    run = begin(tools=[pay, hang], tool_concurrency=1)
    reader = asyncio.create_task(turns(run))
    await until(at_work.is_set)
    await run.aclose()
    await reader
    opened.set()
    with pytest.raises(ImagineToolException) as raised:
        await run.final()
    assert [result.value for result in raised.value.results] == ["paid"]


async def test_results_that_nobody_had_read_are_not_lost(client, server):
    """A stream that is closed between two reads has what its tools came to meanwhile."""
    at_work = threading.Event()

    def count(number: int) -> int:
        """Count."""
        return number

    async def hang() -> None:
        """Hang, once those before it are done."""
        at_work.set()
        await asyncio.sleep(30)

    server.chat.replies(asks(("count", {"number": 1}), ("count", {"number": 2}), ("hang", {})))
    run = client.run_tools_stream(HELLO, tools=[count, hang], tool_concurrency=1)
    async for event in run:
        if isinstance(event, ToolResult):
            break
    await until(at_work.is_set)
    await run.aclose()
    with pytest.raises(ImagineToolException) as raised:
        await run.final()
    assert [result.value for result in raised.value.results] == [1, 2]


async def test_tokens_of_a_question_that_was_left_are_counted(server):
    """A conversation has them, though it keeps nothing of the question."""
    server.chat.replies(OSLO)
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        conversation = client.conversation(tools=[weather], **COUNTED)
        async with conversation.ask_stream("How is the weather?") as run:
            async for event in run:
                if isinstance(event, ToolCall):
                    break
        assert conversation.messages == []
        assert conversation.usage == run.usage
        assert run.usage.total_tokens > 0
