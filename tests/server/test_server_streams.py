"""Streamed chats and completions."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from support.raw_http import CHAT_STREAM, COMPLETION, TRANSLATION, get, own_words, post, read_event, stream, until

from imagine.server import Engines
from imagine.server.engines import NgramTextEngine, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import ClientSession

    from imagine.server import LocalServer, ServerOptions
    from imagine.types.chat_completions import ChatCompletionRequest

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio

ENDLESS = {**CHAT_STREAM, "max_tokens": 10_000_000, "ignore_eos": True}


def text_of(chunks: list[Any]) -> str:
    return "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)


async def test_a_chat_stream(session: ClientSession) -> None:
    """Chunks carry deltas, the first one the role, the last one the finish reason; then comes the end mark."""
    *chunks, done = await stream(session, "chat/completions", CHAT_STREAM)
    whole = await post(session, "chat/completions", {**CHAT_STREAM, "stream": False})
    assert done == "[DONE]"
    assert {(chunk["id"], chunk["object"]) for chunk in chunks} == {(chunks[0]["id"], "chat.completion.chunk")}
    assert [chunk["choices"][0]["delta"].get("role") for chunk in chunks] == ["assistant"] + [None] * (len(chunks) - 1)
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["length"]
    assert text_of(chunks) == whole["choices"][0]["message"]["content"]
    assert all("usage" not in chunk for chunk in chunks)


async def test_usage_comes_in_a_last_chunk_where_asked_for(session: ClientSession) -> None:
    """`include_usage` adds a chunk without choices."""
    body = {**CHAT_STREAM, "stream_options": {"include_usage": True}}
    *_, last, done = await stream(session, "chat/completions", body)
    assert done == "[DONE]"
    assert last["choices"] == []
    assert last["usage"] == {"prompt_tokens": 1, "total_tokens": 7, "completion_tokens": 6}


@pytest.mark.parametrize(("path", "body"), [("completions", COMPLETION), ("translate", TRANSLATION)])
async def test_completion_chunks_have_deltas(session: ClientSession, path: str, body: dict[str, Any]) -> None:
    """Streamed completions carry their text in `delta.content`, without a role."""
    *chunks, done = await stream(session, path, {**body, "stream": True})
    whole = await post(session, path, body)
    assert done == "[DONE]"
    assert text_of(chunks) == whole["choices"][0]["text"]
    assert all("role" not in chunk["choices"][0]["delta"] for chunk in chunks)


async def test_tool_calls_are_streamed_in_pieces(session: ClientSession) -> None:
    """The first piece of a call names it, the others add to its arguments; together they are the whole call."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": schema}}
    body = {**CHAT_STREAM, "tools": [tool], "tool_choice": "required"}
    *chunks, _ = await stream(session, "chat/completions", body)
    whole = await post(session, "chat/completions", {**body, "stream": False})
    [expected] = whole["choices"][0]["message"]["tool_calls"]
    first, *more = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    arguments = "".join(call["function"]["arguments"] for call in (first, *more))
    assert (first["index"], first["type"], first["function"]["name"]) == (0, "function", "get_weather")
    assert all(set(call) == {"index", "function"} for call in more)
    assert arguments == expected["function"]["arguments"]
    assert chunks[-1]["choices"][0] == {"index": 0, "delta": {}, "finish_reason": "tool_calls"}


async def test_a_stream_is_remembered_as_the_folded_answer(session: ClientSession) -> None:
    """The history holds a stream's text and usage in the shape of a whole answer."""
    *chunks, _ = await stream(session, "chat/completions", CHAT_STREAM)
    [[response, request]] = await get(session, "chat/completions")
    assert request == CHAT_STREAM
    assert (response["id"], response["object"]) == (chunks[0]["id"], "chat.completion")
    assert response["choices"][0]["message"]["content"] == text_of(chunks)
    assert response["usage"]["completion_tokens"] == 6


class TestPace:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"tokens_per_second": 50}

    async def test_streams_are_paced(self, session: ClientSession) -> None:
        """Six tokens at 50 per second take at least 0.12 s."""
        started = time.perf_counter()
        await stream(session, "chat/completions", CHAT_STREAM)
        assert time.perf_counter() - started >= 0.12


async def test_a_client_that_leaves_ends_the_generation(session: ClientSession, server: LocalServer) -> None:
    """Once the client has closed its connection the stream is no longer open, and what was made is remembered."""
    async with session.post("chat/completions", json=ENDLESS) as response:
        await read_event(response)
        assert server.open_streams == 1
    await until(lambda: server.open_streams == 0 and server.open_connections == 0)
    [[answer, _]] = await get(session, "chat/completions")
    assert answer["choices"][0]["finish_reason"] is None
    assert answer["usage"]["completion_tokens"] > 0


class FailingText(NgramTextEngine):
    def chat(self, request: ChatCompletionRequest) -> Iterator[Token]:
        yield Token("Well")
        raise ConnectionError("the model's machine is down")


class TestFailingEngine:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"engines": Engines(text=FailingText())}

    async def test_a_failure_within_a_stream_is_an_event(
        self, session: ClientSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An engine that fails midway puts an error into the stream, and a traceback in the log."""
        chunk, error = await stream(session, "chat/completions", CHAT_STREAM)
        assert text_of([chunk]) == "Well"
        assert error["error"]["message"] == "Internal server error"
        assert "machine is down" in caplog.text

    async def test_a_failure_of_a_whole_answer_is_a_500(
        self, session: ClientSession, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An engine that fails otherwise is answered with 500 in JSON, and a traceback in the log."""
        async with session.post("chat/completions", json={**CHAT_STREAM, "stream": False}) as response:
            assert response.status == 500
            assert own_words(await response.json()) == {"message": "Internal server error", "status": "error"}
        assert "machine is down" in caplog.text
