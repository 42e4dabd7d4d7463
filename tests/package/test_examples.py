"""The examples, run as a user runs them: as programs, against a local server, with warnings as errors."""

from __future__ import annotations

import json
import re
import runpy
import socket
import subprocess
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import anyio
import pytest
from aiohttp.test_utils import TestClient, TestServer

from imagine import ImagineAsyncClient
from imagine.server import Raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiohttp import web

    from imagine.server import LocalServer, RecordedRequest

    Browser: TypeAlias = TestClient[web.Request, web.Application]

EXAMPLES = Path(__file__).parents[2] / "examples"
ROUTES = {
    "GET ping",
    "GET health",
    "GET models",
    "GET usage",
    "POST chat/completions",
    "POST completions",
    "POST embeddings",
    "POST reranker",
    "POST translate",
    "POST transcribe",
    "POST images/generations",
    "GET chat/completions",
    "GET completions",
    "GET embeddings",
    "GET reranker",
    "GET images/generations",
}
MARKDOWN = """\
# A title of more than eight words is still not a paragraph of prose

[![badge](https://example.invalid/badge.svg)](https://example.invalid) with more than enough words to be a paragraph

A paragraph of prose
over two lines, with `code` in it.

```python
print("a paragraph inside of a block of code is code")

print("and so is the one behind the blank line")
```

- a list of one item that has more than eight words

| a table | has cells | with many | words in | them too |

**The other paragraph** begins in bold letters, and that is fine.

Run it:
"""


@pytest.fixture(autouse=True)
def strict_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the programs, and in those that they start, a warning is an error; their lines are not measured."""
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def run(example: str, *arguments: str | Path, status: int = 0, input: str = "") -> str:
    """Run an example to its end, check that it says nothing on stderr, and return what it printed."""
    command = [sys.executable, EXAMPLES / example, *arguments]
    ended = subprocess.run(command, input=input, capture_output=True, encoding="utf-8", timeout=50, check=False)
    assert (ended.stderr, ended.returncode) == ("", status), ended.stdout
    return ended.stdout


def route(request: RecordedRequest) -> str:
    return f"{request.method} {request.path.removeprefix('/apis/v2/')}"


def bodies(server: LocalServer, wanted: str) -> list[dict[str, Any]]:
    """The JSON bodies of the requests to a route, oldest first."""
    return [json.loads(request.body) for request in server.requests if route(request) == wanted]


def test_quickstart_calls_every_route(imagine_environment: LocalServer, tmp_path: Path) -> None:
    """The tour calls every route, tells the time of each call, and leaves a WAV file and images behind."""
    readme = tmp_path / "README.md"
    readme.write_text(MARKDOWN, "utf-8")
    printed = run("quickstart.py", "--text", readme, "--out", tmp_path / "files")
    called = [route(request) for request in imagine_environment.requests]
    assert set(called) == ROUTES
    assert re.findall(r"^   (\w+ \S+) · 200 · \d+\.\d ms", printed, re.MULTILINE) == called
    with wave.open(str(tmp_path / "files" / "tone.wav")) as tone:
        assert tone.getnframes() == tone.getframerate()
    pictures = sorted((tmp_path / "files").glob("*.png"))
    assert [picture.name for picture in pictures] == ["image-1.png", "image-2.png", "image-3.png", "image.png"]
    assert {picture.read_bytes()[:8] for picture in pictures} == {b"\x89PNG\r\n\x1a\n"}


def test_quickstart_embeds_prose_only(imagine_environment: LocalServer, tmp_path: Path) -> None:
    """Of a Markdown file the paragraphs of prose are embedded and reranked: no code, headings, lists or tables."""
    readme = tmp_path / "README.md"
    readme.write_text(MARKDOWN, "utf-8")
    printed = run("quickstart.py", "--text", readme, "--out", tmp_path)
    paragraphs = [
        "A paragraph of prose over two lines, with `code` in it.",
        "**The other paragraph** begins in bold letters, and that is fine.",
    ]
    assert bodies(imagine_environment, "POST embeddings")[0]["input"] == paragraphs
    assert bodies(imagine_environment, "POST reranker")[0]["documents"] == paragraphs
    assert re.search(r"^ 1\.00  0\.\d\d  A paragraph of prose", printed, re.MULTILINE)


def test_quickstart_goes_on_after_a_failure(imagine_environment: LocalServer, tmp_path: Path) -> None:
    """A route that fails is reported, the others are called all the same, and the status is 1."""
    readme = tmp_path / "README.md"
    readme.write_text(MARKDOWN, "utf-8")
    imagine_environment.faults.script(["status;code=404;message=no such route"])
    printed = run("quickstart.py", "--text", readme, "--out", tmp_path, status=1)
    assert len(re.findall(r"^Failed: .*no such route", printed, re.MULTILINE)) == 1
    assert {route(request) for request in imagine_environment.requests} == ROUTES - {"GET health"}


def test_demo_brings_its_own_server(tmp_path: Path) -> None:
    """`make demo` shows every route with the README's paragraphs, ends with status 0, and leaves no server behind."""
    printed = run("demo.py", "--out", tmp_path)
    assert set(re.findall(r"^   (\w+ \S+) · 200 · ", printed, re.MULTILINE)) == ROUTES
    endpoint = re.search(r"http://[\d.:]+", printed)
    assert endpoint is not None
    address = urlsplit(endpoint[0])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname, address.port), timeout=5)


def test_gather_bounds_concurrency_and_keeps_what_went_well(imagine_environment: LocalServer) -> None:
    """No more calls than allowed are in flight, and a failed one does not take the others with it."""
    printed = run("gather.py", "What is a queue?", "What is a token?", "What is a cache?")
    asked = [request for request in imagine_environment.requests if route(request) == "POST chat/completions"]
    assert len(asked) == 9
    assert 1 < len({request.connection for request in asked}) <= 4
    assert len(re.findall(r"^no-such-model .* failed: 404 ", printed, re.MULTILINE)) == 3
    assert len(re.findall(r"^Llama-3.\d-\d+B  +What is a (queue|token|cache)\? +\w+", printed, re.MULTILINE)) == 6
    assert sorted(re.findall(r"^ +(\d{3}) +\d+\.\d +\d+\.\d +1$", printed, re.MULTILINE)) == ["200"] * 6 + ["404"] * 3


def test_observability_shows_logs_and_metrics(imagine_environment: LocalServer) -> None:
    """Each call is a line of JSON with the trace it belongs to, and is counted on the page that Prometheus reads."""
    printed = run("observability.py")
    lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
    assert [(line["status"], line["outcome"]) for line in lines] == [(200, "complete")] * 2 + [(404, "failed")]
    assert len({line["trace_id"] for line in lines} - {"0" * 32}) == 1
    ids = [request.headers["traceparent"].split("-")[1] for request in imagine_environment.requests]
    assert ids == [line["trace_id"] for line in lines]
    counts = re.findall(
        r'^gen_ai_client_operation_duration_seconds_count{error_type="(.*?)".* (\d)', printed, re.MULTILINE
    )
    assert sorted((kind, float(count)) for kind, count in counts) == [("", 2), ("404", 1)]
    tokens = sum(line.get("completion_tokens", 0) for line in lines)
    output = r'^gen_ai_client_token_usage_sum{.*gen_ai_token_type="output".* (\S+)$'
    assert float(re.findall(output, printed, re.MULTILINE)[0]) == tokens


def test_tools_are_run_until_the_model_answers_in_text(imagine_environment: LocalServer) -> None:
    """The functions that the model asks for are run, and it answers with their results."""
    printed = run("tools.py")
    assert "is a Monday" in printed.splitlines()[2]
    assert "are 42.16 km" in printed.splitlines()[5]
    last = bodies(imagine_environment, "POST chat/completions")[-1]
    roles = [message["role"] for message in last["messages"]]
    assert roles == ["user", "assistant", "tool", "assistant", "user", "assistant", "tool"]
    assert last["tools"][0]["function"]["parameters"]["properties"]["day"]["format"] == "date"


def test_the_agent_shows_what_it_does(imagine_environment: LocalServer) -> None:
    """Calls, results and answers are printed as they come; a tool that fails is told to the model."""
    lost = tool_events("read_note", '{"name": "cake"}')
    imagine_environment.faults.script([lost])
    printed = run("agent.py", "What is in my notes?", "Which notes are there?")
    assert """  read_note({"name": "cake"})\n  → Error: KeyError: 'cake'\n""" in printed
    assert '  list_notes({})\n  → ["bread","picnic"]\n' in printed
    assert printed.count("\n  2 turns\n") == 2


def test_the_chatbot_survives_a_restart(imagine_environment: LocalServer, tmp_path: Path) -> None:
    """It goes on with what was said before, also after a question that failed."""
    chat = tmp_path / "chat.json"
    run("chatbot.py", chat, input="How do networks work?\n")
    imagine_environment.faults.script(["status;code=404;message=no such route"])
    printed = run("chatbot.py", chat, input="And the sea?\nAnd the moon?\n")
    assert printed.startswith("2 messages so far, of which 3 would be sent\n> And the sea?\n\nFailed: 404")
    asked = [message["content"] for message in bodies(imagine_environment, "POST chat/completions")[-1]["messages"]]
    assert [asked[place] for place in (0, 1, 3)] == [
        "Answer in a few sentences.",
        "How do networks work?",
        "And the moon?",
    ]


def tool_events(name: str, arguments: str) -> Raw:
    """A stream whose model asks for a tool."""
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    choice = {"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}
    event = json.dumps({"choices": [choice]}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return Raw([head + b"data: %s\n\ndata: [DONE]\n\n" % event])


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("kilometres", '{"miles": "many"}', "Expected `float`, got `str` - at `$.miles`"),
        ("kilometres", '{"miles": ', "Input data was truncated"),
        ("kilometres", '{"miles": 1, "yards": 2}', "Object contains unknown field `yards`"),
        ("furlongs", "{}", "there is no tool 'furlongs'"),
    ],
)
def test_tools_tell_the_model_what_is_wrong_with_its_call(
    imagine_environment: LocalServer, name: str, arguments: str, complaint: str
) -> None:
    """Arguments that do not fit, and unknown tools, are answered with an error that the model can read."""
    imagine_environment.faults.script([tool_call(name, arguments)])
    run("tools.py", "How far is it?")
    *_, told = bodies(imagine_environment, "POST chat/completions")[-1]["messages"]
    assert (told["role"], told["tool_call_id"]) == ("tool", "call_1")
    assert told["content"].startswith("Error: ")
    assert complaint in told["content"]


def tool_call(name: str, arguments: str) -> Raw:
    """An answer whose model asks for a tool."""
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return Raw([head.encode() + body], then="keep")


def test_rag_answers_from_the_chunk_that_fits(imagine_environment: LocalServer, tmp_path: Path) -> None:
    """Of a folder of files, the chunk that fits the question is found and heads what the model gets to read."""
    texts = {
        "bread.txt": "Knead the dough for ten minutes and let it rise over night.",
        "bees.md": "A hive of honey bees keeps warm in winter by shivering.\n\nA queen lives for some years.",
        "tides.rst": "The tide follows the moon, twice a day.",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text, "utf-8")
    printed = run("rag.py", "How do honey bees keep their hive warm in winter?", tmp_path)
    assert re.search(r"3 chunks of 3 files.*:\n  0\.\d+  bees\.md: A hive", printed)
    chat = bodies(imagine_environment, "POST chat/completions")[0]
    assert chat["stream"] is True
    assert re.search(r"\n\n\[bees\.md\]\nA hive of honey bees .*\n\nA queen", chat["messages"][0]["content"])
    assert re.search(r"^> How do .*\n.*\w", printed, re.MULTILINE)


def test_rag_reads_the_repository_by_itself(imagine_environment: LocalServer) -> None:
    """Without arguments the texts of the repository are searched, and the license tells about patents."""
    printed = run("rag.py")
    assert re.search(r"^  0\.\d+  LICENSE: 3\. Grant of Patent License", printed, re.MULTILINE)


@pytest.fixture
async def browser(imagine_environment: LocalServer) -> AsyncIterator[Browser]:
    """A client of the web backend, which listens on a socket."""
    app = runpy.run_path(str(EXAMPLES / "web_backend.py"))["create_app"]()
    async with TestClient(TestServer(app)) as client:
        yield client


def events(text: str) -> list[str]:
    return [event.removeprefix("data: ") for event in text.split("\n\n") if event]


@pytest.mark.anyio
async def test_web_backend_passes_a_stream_on(browser: Browser, imagine_environment: LocalServer) -> None:
    """A browser gets the page, and every chunk of the answer to its question as an event of its own."""
    page = await browser.get("/")
    assert "new EventSource(" in await page.text()
    answer = await browser.get("/chat", params={"question": "How does streaming work?"})
    assert answer.content_type == "text/event-stream"
    *chunks, end = events(await answer.text())
    assert end == "[DONE]"
    pieces = [json.loads(chunk)["choices"][0]["delta"].get("content", "") for chunk in chunks]
    async with ImagineAsyncClient() as client:
        [(remembered, _)] = await client.get_chat_history()
    assert "".join(pieces) == remembered.first_content


@pytest.mark.anyio
async def test_web_backend_cancels_the_stream_of_a_browser_that_leaves(
    browser: Browser, imagine_environment: LocalServer
) -> None:
    """The stream from the service ends as soon as the browser is gone, even while the service is silent."""
    imagine_environment.faults.script(["stall;after=2"])
    answer = await browser.get("/chat", params={"question": "How does streaming work?"})
    await answer.content.readuntil(b"\n\n")
    assert imagine_environment.open_streams == 1
    answer.close()
    with anyio.fail_after(10):
        while imagine_environment.open_streams:  # noqa: ASYNC110 - the server counts in another thread
            await anyio.sleep(0.01)


@pytest.mark.anyio
async def test_web_backend_reports_errors_as_events(browser: Browser, imagine_environment: LocalServer) -> None:
    """What goes wrong at the service reaches the browser as an event, after the chunks that came before it."""
    imagine_environment.faults.script(["status;code=401;message=wrong key", "cut-stream;after=2"])
    refused = await (await browser.get("/chat", params={"question": "Hello?"})).text()
    assert refused.startswith("event: error\ndata: ")
    assert "wrong key" in refused
    cut = events(await (await browser.get("/chat", params={"question": "Hello?"})).text())
    assert ["choices" in json.loads(chunk) for chunk in cut[:-1]] == [True, True]
    assert cut[-1].startswith('event: error\ndata: {"error": {"message": ')


@pytest.mark.anyio
async def test_web_backend_refuses_a_question_without_words(browser: Browser, imagine_environment: LocalServer) -> None:
    """A request without a question is answered with 400, and the service is not bothered."""
    answer = await browser.get("/chat", params={"question": " "})
    assert answer.status == 400
    assert imagine_environment.requests == []
