"""Runs that are left, closed, cancelled or out of time: nothing more is sent, and the conversation stays whole."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import threading

import pytest
from support.clients import HELLO, in_thread, until
from support.tools import OSLO, asks, turns, weather

from imagine import (
    ImagineAsyncClient,
    ImagineClient,
    ImagineException,
    ImagineToolException,
    Tool,
    ToolCall,
    ToolResult,
)
from imagine.server import Reply

pytestmark = pytest.mark.anyio


class Gate:
    """Tools that hang until the test lets them go, and what has become of them."""

    def __init__(self):
        self.begun, self.opened = threading.Event(), threading.Event()
        self.ended = []

    def block(self) -> str:
        """Hang in a thread."""
        self.begun.set()
        assert self.opened.wait(30)
        self.ended.append("block")
        return "late"

    async def hang(self) -> str:
        """Hang in the loop."""
        self.begun.set()
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            self.ended.append("hang")
            raise
        return "late"


@pytest.fixture
def gate():
    """A gate, which is open after the test."""
    gate = Gate()
    yield gate
    gate.opened.set()


@pytest.fixture(params=["block", "hang"])
def hanging(request, gate):
    """A tool that hangs."""
    return getattr(gate, request.param)


def asks_for(tool):
    """An answer that asks for one tool without arguments."""
    return asks((tool.__name__, {}))


def check_is_whole(messages):
    """Every call of a conversation is answered."""
    made = [call.id for message in messages for call in getattr(message, "tool_calls", None) or ()]
    assert made == [message.tool_call_id for message in messages if getattr(message, "role", "") == "tool"]


async def test_a_tool_that_takes_too_long_is_told(begin, server, hanging):
    """The run goes on without it."""
    server.chat.replies(asks_for(hanging), "Sorry.")
    turn, _ = await turns(begin(tools=[hanging], tool_timeout=0.05))
    assert isinstance(turn.results[0].error, TimeoutError)
    assert turn.results[0].content == "Error: TimeoutError: it took longer than 0.05 s"


async def test_a_coroutine_that_takes_too_long_is_cancelled(begin, server, gate):
    """It can let go of what it holds."""
    server.chat.replies(asks_for(gate.hang), "Sorry.")
    await begin(tools=[gate.hang], tool_timeout=0.05).final()
    await until(lambda: gate.ended == ["hang"])


async def test_a_tool_may_have_a_time_of_its_own(begin, server, hanging):
    """It counts instead of the run's."""
    server.chat.replies(asks_for(hanging), "Sorry.")
    turn, _ = await turns(begin(tools=[Tool(hanging, timeout=0.05)], tool_timeout=None))
    assert isinstance(turn.results[0].error, TimeoutError)


@pytest.mark.parametrize("closing", ["close", "aclose"])
async def test_a_run_is_closed_while_a_tool_is_at_work(begin, server, face, hanging, gate, closing):
    """Whoever reads it just comes to the end, and `final` says what happened."""
    server.chat.replies(asks_for(hanging))
    run = begin(tools=[hanging])
    reader = asyncio.create_task(turns(run))
    await until(gate.begun.is_set)
    await (run.aclose() if closing == "aclose" else in_thread(run.close if face == "async" else run._inner.close))
    assert await reader == []
    assert run.messages == HELLO
    with pytest.raises(ImagineToolException, match="closed before its end") as raised:
        await run.final()
    assert (raised.value.reason, raised.value.messages) == ("closed", HELLO)
    if hanging == gate.hang:
        await until(lambda: gate.ended == ["hang"])


async def test_a_run_is_closed_while_it_waits_for_an_answer(begin, server):
    """The request is dropped, and the reader comes to the end."""
    server.chat.replies(OSLO, Reply("Late.", delay=30))
    run = begin(tools=[weather])
    reader = asyncio.create_task(turns(run))
    await until(lambda: len(server.requests) == 2)
    await run.aclose()
    assert len(await reader) == 1
    check_is_whole(run.messages)


async def test_who_leaves_at_a_call_has_called_nothing(client, server):
    """A stream tells of a call before it is made, so that its user may refuse it."""
    called = []
    server.chat.replies(asks(("pay", {"euros": 5})))

    def pay(euros: int) -> None:
        """Pay."""
        called.append(euros)

    async with client.run_tools_stream(HELLO, tools=[pay]) as run:
        async for event in run:
            if isinstance(event, ToolCall):
                break
    assert not called
    assert run.messages == HELLO
    assert [event async for event in run] == []


async def test_a_run_that_is_dropped_leaves_no_tool_at_work(client, server, gate):
    """As if it had been closed."""
    server.chat.replies(asks(("hang", {}), ("weather", {"city": "Oslo"})))
    run = client.run_tools_stream(HELLO, tools=[gate.hang, weather])
    async for event in run:
        if isinstance(event, ToolResult):
            break
    del run, event
    await until(lambda: gate.ended == ["hang"])


async def test_one_run_has_one_reader(server, gate):
    """A second one at the same time is refused in words."""
    server.chat.replies(asks_for(gate.hang))
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        run = client.run_tools(HELLO, tools=[gate.hang])
        reader = asyncio.create_task(turns(run))
        await until(gate.begun.is_set)
        with pytest.raises(ImagineException, match="being read by another task"):
            await run.read()
        await run.aclose()
        await reader


@pytest.mark.parametrize("kind", ["run_tools", "run_tools_stream"])
async def test_a_run_is_cancelled_at_any_step(server, kind):
    """The conversation is whole, who comes back is told, and no coroutine of a tool is left at work."""
    server.chat.replies(asks(("wait", {}), ("weather", {"city": "Oslo"})), when=lambda asked: len(asked.messages) == 1)
    server.chat.replies("Done.", when=lambda asked: len(asked.messages) > 1)
    at_work = []

    async def wait() -> str:
        """Wait for some steps."""
        at_work.append(1)
        try:
            for _ in range(20):
                await asyncio.sleep(0)
        finally:
            at_work.pop()
        return "waited"

    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        await client.ping()
        for steps in itertools.count(0, 17):
            run = getattr(client, kind)(HELLO, tools=[wait, weather])
            task = asyncio.create_task(run.final())
            for _ in range(steps):
                await asyncio.sleep(0)
            if task.done():
                break
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            check_is_whole(run.messages)
            if steps:
                with pytest.raises(ImagineToolException, match="an earlier read of this run was cancelled"):
                    await run.final()
            await until(lambda: not at_work)
        assert task.result().first_content == "Done."
    assert steps > 17 * 3


@pytest.mark.parametrize("kind", ["run_tools", "run_tools_stream"])
def test_ctrl_c_ends_a_blocking_run(server, gate, kind):
    """It is raised at once, coroutines of tools are cancelled, and the client works on."""

    def interrupt() -> None:
        """Press Ctrl-C."""
        assert gate.begun.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    server.chat.replies(OSLO, asks(("hang", {}), ("interrupt", {})))
    with ImagineClient(server.endpoint, server.api_key) as client:
        run = getattr(client, kind)(HELLO, tools=[weather, gate.hang, interrupt])
        with pytest.raises(KeyboardInterrupt):
            run.final()
        assert client.ping().status == "ok"
        assert gate.ended == ["hang"]
        check_is_whole(run.messages)
        assert len(run.turns) == 1
        with pytest.raises(ImagineToolException, match="cancelled"):
            run.final()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("awaits", [False, True])
async def test_what_ends_a_program_passes_through(begin, client, server, error, awaits):
    """A tool that raises it ends the run with it, and no loop: the client works on."""

    def end() -> None:
        """End."""
        raise error

    async def end_awaited() -> None:
        """End."""
        raise error

    tool = Tool(end_awaited if awaits else end, name="end")
    server.chat.replies(asks(("end", {})))
    with pytest.raises(error):
        await passed(begin(tools=[tool]).final())
    assert (await client.ping()).status == "ok"


async def passed(work):
    """Await some work in this task, for asyncio ends a loop for what a task raises."""
    return await work


async def test_a_run_that_is_closed_as_it_asks_asks_nothing(server):
    """What was begun in that moment is dropped: no answer is waited for, and none is paid for."""

    class Closing(ImagineAsyncClient):
        def chat(self, *args, **kwargs):
            run.close()
            return super().chat(*args, **kwargs)

    server.chat.replies(Reply("Late.", delay=30), when=lambda asked: True)
    tasks = len(asyncio.all_tasks())
    async with Closing(server.endpoint, server.api_key) as client:
        run = client.run_tools(HELLO, tools=[weather])
        assert await turns(run) == []
        await until(lambda: len(asyncio.all_tasks()) == tasks)
        assert server.requests == []
