"""What one request may cost the server: time on its loop, memory, and what others can read afterwards."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from aiohttp import ClientSession, FormData
from support.raw_http import CHAT, CHAT_STREAM, COMPLETION, EMBEDDING, IMAGE, RERANKER, TRANSLATION, get, post, until

from imagine.server import Engines, LocalServer, Raw, ServerOptions
from imagine.server.engines import NgramTextEngine
from imagine.types import ChatCompletionRequest

if TYPE_CHECKING:
    from pathlib import Path

    from imagine.types.common import LLMSamplingParams

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


class TestDatabase:
    @pytest.fixture
    def database(self, tmp_path: Path) -> Path:
        return tmp_path / "imagine.db"

    @pytest.fixture
    def imagine_server_options(self, database: Path) -> ServerOptions:
        return {"database": str(database)}

    @pytest.mark.parametrize("body", [CHAT, CHAT_STREAM])
    async def test_a_locked_database_holds_up_no_other_request(
        self, session: ClientSession, server: LocalServer, database: Path, body: object
    ) -> None:
        """While another program holds it, what needs it waits, and all else is answered."""
        other = sqlite3.connect(database, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(_status(session, body))
        await until(lambda: len(server.requests) == 1)
        assert await get(session, "models")
        other.close()
        assert await waiting == 200
        assert len(await get(session, "chat/completions")) == 1

    def test_only_its_owner_reads_the_database(self, server: LocalServer, database: Path) -> None:
        """What was asked and answered is no business of other users of the machine."""
        assert server.store.history("u-1", "embeddings", 1) == []
        assert {path.stat().st_mode & 0o777 for path in database.parent.glob(f"{database.name}*")} == {0o600}


async def _status(session: ClientSession, body: object) -> int:
    async with session.post("chat/completions", json=body) as answer:
        await answer.read()
        return answer.status


class CountingElsewhere(NgramTextEngine):
    """An engine that refuses to count where the server's loop runs."""

    def count(self, text: str) -> int:
        assert threading.current_thread().name != "imagine-server"
        return super().count(text)


class TestLongPrompts:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"engines": Engines(text=CountingElsewhere())}

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("chat/completions", CHAT),
            ("completions", COMPLETION),
            ("translate", TRANSLATION),
            ("embeddings", EMBEDDING),
            ("reranker", RERANKER),
        ],
    )
    async def test_tokens_are_counted_off_the_loop(self, session: ClientSession, path: str, body: Any) -> None:
        """A long prompt keeps nobody else waiting."""
        assert (await post(session, path, body))["usage"]["prompt_tokens"] > 0


async def test_long_bodies_that_are_refused_are_not_kept(session: ClientSession, server: LocalServer) -> None:
    """Nobody fills the server's memory with what it refuses; up to 64 KiB stay to see why."""
    for length in (1000, 65536):
        await post(session, "embeddings", {"x": "a" * length})
    short, long = server.requests
    assert short.json == {"x": "a" * 1000}
    assert (long.path, long.body, long.json) == ("/apis/v2/embeddings", b"", None)


async def test_the_text_of_a_form_is_bounded(session: ClientSession) -> None:
    """Text fields over 1 MiB together get 413, however large a file may be."""
    form = FormData({"model": "whisper-tiny", "a": "x" * 600_000, "b": "x" * 600_000}, default_to_multipart=True)
    async with session.post("transcribe", data=form) as answer:
        assert answer.status == 413


async def test_the_number_of_images_is_bounded(session: ClientSession) -> None:
    """More than 128 images get 422 with the bound."""
    answer = await post(session, "images/generations", {**IMAGE, "n": 129})
    assert "at most 128" in answer["detail"][0]["msg"]


@pytest.mark.parametrize("body", [b"\xff\xfe", b'"\xff"', b"[" * 100_000, b"{"])
async def test_odd_bodies_are_no_json(session: ClientSession, server: LocalServer, body: bytes) -> None:
    """The JSON of a recorded request is None where it has none, whatever it has instead."""
    server.faults.script(["empty-200"])
    async with session.post("embeddings", data=body):
        pass
    assert server.requests[0].body == body
    assert server.requests[0].json is None


async def test_raw_bytes_are_a_whole_answer(session: ClientSession, server: LocalServer) -> None:
    """`Raw` takes bytes alone, too; what is neither bytes nor a number is refused."""
    server.faults.script([Raw(b"HTTP/1.1 204 No Content\r\n\r\n")])
    async with session.get("ping") as answer:
        assert answer.status == 204
    with pytest.raises(TypeError, match="not 'HTTP'"):
        Raw(["HTTP"])  # type: ignore[list-item]


class Noting(NgramTextEngine):
    """An engine that says it is quick, and notes where it is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.on_the_loop: list[bool] = []

    def is_quick(self, sampling: LLMSamplingParams) -> bool:
        return True

    def count(self, text: str) -> int:
        self.on_the_loop.append(threading.current_thread().name == "imagine-server")
        return super().count(text)


class TestQuickEngines:
    @pytest.fixture
    def engine(self) -> Noting:
        return Noting()

    @pytest.fixture
    def imagine_server_options(self, engine: Noting) -> ServerOptions:
        return {"engines": Engines(text=engine)}

    async def test_one_short_answer_takes_no_thread(self, session: ClientSession, engine: Noting) -> None:
        """Of a quick engine, a short chat is answered on the loop; a long one, and one of several choices, is not."""
        long = {"role": "user", "content": "word " * 1000}
        for body in (CHAT, {**CHAT, "n": 2}, {**CHAT, "messages": [long]}):
            assert (await post(session, "chat/completions", body))["usage"]["prompt_tokens"] > 0
        assert engine.on_the_loop == [True, False, False]


@pytest.mark.parametrize(
    ("options", "is_quick"),
    [
        ({}, True),
        ({"max_tokens": 10_000}, False),
        ({"response_format": {"type": "json_object"}}, False),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, False),
    ],
)
def test_the_text_engine_tells_what_is_quick(options: dict[str, Any], is_quick: bool) -> None:
    """An everyday text is quick; a long one, JSON and tool calls are not, nor is what a subclass makes."""
    asked = msgspec.convert({**CHAT, "stream": False, "max_tokens": None, **options}, ChatCompletionRequest)
    assert NgramTextEngine().is_quick(asked) is is_quick
    assert not CountingElsewhere().is_quick(asked)
