"""The examples for LangChain, run as a user runs them, against a local server."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest
from support.clients import until
from support.programs import STRICT_WITH_LANGCHAIN as STRICT

from imagine.server import Reply

EXAMPLES = Path(__file__).parents[2] / "examples"

pytestmark = pytest.mark.usefixtures("imagine_environment")


def run(example, *arguments):
    """Run an example to its end, and return what it printed."""
    command = [sys.executable, *STRICT, EXAMPLES / example, *arguments]
    ended = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=50, check=False)
    assert (ended.stderr, ended.returncode) == ("", 0), ended.stdout
    return ended.stdout


def test_a_question_is_answered_from_the_text_that_fits(server, tmp_path):
    """The paragraph that fits heads what the model gets to read, and its answer is streamed."""
    file = tmp_path / "animals.txt"
    file.write_text("The tide follows the moon.\n\nHoney bees keep their hive warm.\n\nDough rises.", "utf-8")
    printed = run("langchain_rag.py", "How do honey bees keep their hive warm?", file)
    assert re.match(r"0\.\d+  'Honey bees", printed)
    asked = server.chat.last
    assert asked.stream
    assert re.search(r"\n\nHoney bees keep their hive warm\.", asked.messages[0].content)


def test_an_agent_answers_with_the_results_of_its_tools(server):
    """A tool that the model asks for is run, and the tokens of all answers are added up."""
    server.chat.replies(Reply(tool_calls=[("weekday", {"day": "2026-12-24"})]), "It is a Thursday.")
    printed = run("langchain_agent.py")
    assert "2026-12-24 is a Thursday" in printed
    assert printed.index("is a Thursday") < printed.index("It is a Thursday.")
    assert re.search(r"^Llama-3.1-8B: \d+ tokens in, \d+ out$", printed, re.MULTILINE)


@pytest.fixture
async def browser():
    """A session with the web application, which serves in a process of its own, as its users run it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    options = ("--app-dir", EXAMPLES, "--host", "127.0.0.1", "--port", port, "--log-level", "warning")
    program = await asyncio.create_subprocess_exec(sys.executable, "-m", "uvicorn", *options, "langchain_web:app")
    try:
        await until(lambda: listens(int(port)))
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            yield session
    finally:
        program.terminate()
        await program.wait()


def listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.anyio
async def test_a_route_streams_a_chain(browser, server):
    """Each piece is an event of its own; an error is one, too."""
    server.chat.replies(Reply(chunks=["One", " two"]), Reply(fault="status;code=404;message=no such model"))
    *events, end = (await (await browser.get("/chat?question=Count")).text()).strip().split("\n\n")
    texts = [json.loads(event.removeprefix("data: "))["text"] for event in events]
    assert ("".join(texts), end) == ("One two", "data: [DONE]")
    failed = await (await browser.get("/chat?question=Count")).text()
    assert failed.startswith("event: error\ndata: ")
    assert "no such model" in failed


@pytest.mark.anyio
async def test_a_browser_that_leaves_ends_the_stream(browser, server):
    """The service's stream ends with the browser's, even while the service is silent."""
    server.faults.script(["stall;after=3"])
    answer = await browser.get("/chat?question=Count")
    await answer.content.readuntil(b"\n\n")
    assert server.open_streams == 1
    answer.close()
    await until(lambda: server.open_streams == 0)
