"""Tools that misbehave: the run goes on, and the model is told what happened, in words that can be sent."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys

import pytest
from support.tools import asks, double, sent_messages, turns

from imagine import Tool

pytestmark = pytest.mark.anyio


def logged(function):
    """A decorator that knows nothing of coroutines."""

    @functools.wraps(function)
    def logging(*args, **kwargs):
        return function(*args, **kwargs)

    return logging


async def results_of(begin, server, tool, arguments=None, **options):
    """Let the model call a tool once, and return what it was told."""
    tool = Tool(tool)
    server.chat.replies(asks((tool.name, arguments or {})), "Done.")
    turn, _ = await turns(begin(tools=[tool], **options))
    assert sent_messages(server)[-1]["content"] == turn.results[0].content
    return turn.results[0]


async def test_a_coroutine_behind_a_decorator_is_awaited(begin, server):
    """A function that blocks may return what is to be awaited; the model reads what comes of that."""
    result = await results_of(begin, server, logged(double), {"number": 4})
    assert (result.value, result.content) == (8, "8")


async def test_a_coroutine_behind_a_decorator_has_its_time_and_its_errors(begin, server):
    """As any other tool."""

    @logged
    async def hang() -> None:
        """Hang."""
        await asyncio.sleep(30)

    @logged
    async def fail() -> None:
        """Fail."""
        raise StopAsyncIteration("over")

    assert isinstance((await results_of(begin, server, hang, tool_timeout=0.05)).error, TimeoutError)
    assert (await results_of(begin, server, fail)).content.startswith("Error: ")


async def test_what_can_be_iterated_once_is_no_result(begin, server):
    """The model would read its address in memory."""

    @logged
    def count():
        """Count."""
        yield 1

    result = await results_of(begin, server, count)
    assert result.content == "Error: TypeError: generator: what is iterated once cannot be told, return a list"


@pytest.mark.parametrize("awaits", [False, True])
async def test_a_tool_that_was_cancelled_has_failed(begin, server, awaits):
    """Nobody cancelled the run: its reader is told nothing of the kind, the model is."""

    def cancelled() -> None:
        """Wait for what somebody cancelled."""
        raise asyncio.CancelledError

    async def cancelled_awaited() -> None:
        """Wait for what somebody cancelled."""
        work = asyncio.create_task(asyncio.sleep(30))
        work.cancel()
        await work

    result = await results_of(begin, server, cancelled_awaited if awaits else cancelled)
    assert result.content == "Error: RuntimeError: it was cancelled, or what it waited for was"


async def test_an_error_without_words_is_told(begin, server):
    """An exception whose text cannot be made is one of the tool, too."""

    class ShyError(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def shy() -> None:
        """Fail."""
        raise ShyError

    assert (await results_of(begin, server, shy)).content == "Error: ShyError: it cannot be put into words"


async def test_names_of_files_can_be_told(begin, server):
    """Python reads bytes that are no UTF-8 as halves of surrogate pairs, which no service takes in a conversation."""

    def find() -> str:
        """Find a file."""
        return "a\udcff.txt"

    def open_it() -> str:
        """Open a file."""
        raise FileNotFoundError("a\udcff.txt")

    result = await results_of(begin, server, find)
    assert (result.value, result.content) == ("a\udcff.txt", "a\ufffd.txt")
    assert (await results_of(begin, server, open_it)).content == "Error: FileNotFoundError: a\ufffd.txt"
    words = await results_of(begin, server, open_it, tool_errors=lambda call, error: str(error))
    assert words.content == "a\ufffd.txt"


@pytest.mark.parametrize("before", ["", "x" * 900, "x" * 990])
async def test_an_error_does_not_tell_the_key(begin, server, before):
    """The model is told of errors with the client's secrets masked, also where the text is cut."""

    def fetch() -> str:
        """Fetch."""
        raise ConnectionError(f"{before} GET /?key={server.api_key}&page=1")

    content = (await results_of(begin, server, fetch)).content
    assert server.api_key[:6] not in content
    assert len(content) <= 1000


NO_THREADS = """
import sys, threading
from imagine import ImagineClient

def called() -> str:
    "Call."
    return threading.current_thread().name

def fail(thread):
    raise RuntimeError("can't start new thread")

with ImagineClient(*sys.argv[1:]) as client:
    client.ping()
    threading.Thread.start = fail
    run = client.run_tools([{"role": "user", "content": "?"}], tools=[called])
    run.final()
    print(run.turns[0].results[0].content)
"""


def test_without_threads_a_tool_is_not_called(server):
    """The loop, which serves everybody, does not do it in their place; the model is told."""
    server.chat.replies(asks(("called", {})), "Done.")
    command = [sys.executable, "-c", NO_THREADS, server.endpoint, server.api_key]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    told = "Error: RuntimeError: no thread could be started to call it in: can't start new thread\n"
    assert (printed.stdout, printed.stderr) == (told, "")


LEFT = """
import asyncio, sys, threading
from imagine import ImagineAsyncClient

opened, ended = threading.Event(), threading.Event()

def block() -> str:
    "Block."
    opened.wait(60)
    threading.Timer(0, ended.set).start()
    return "late"

async def main():
    async with ImagineAsyncClient(*sys.argv[1:]) as client:
        run = client.run_tools([{"role": "user", "content": "?"}], tools=[block], tool_timeout=0.05)
        print((await run.final()).first_content)

asyncio.run(main())
opened.set()
ended.wait(60)
"""


def test_a_tool_that_outlives_its_loop_says_nothing(server):
    """What it returns is nobody's any more."""
    server.chat.replies(asks(("block", {})), "Done.")
    command = [sys.executable, "-W", "error", "-c", LEFT, server.endpoint, server.api_key]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)
    assert (printed.stdout, printed.stderr) == ("Done.\n", "")
