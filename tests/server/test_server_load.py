"""Many at once: streams, short answers, and a database that is slow."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession, TCPConnector
from support.raw_http import CHAT, CHAT_STREAM, events, get, until

if TYPE_CHECKING:
    from pathlib import Path

    from imagine.server import LocalServer, ServerOptions

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio

STREAMS, ANSWERS = 100, 200


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "imagine.db"


@pytest.fixture
def imagine_server_options(database: Path) -> ServerOptions:
    return {"database": str(database)}


async def test_streams_and_answers_at_once_all_come_whole(server: LocalServer) -> None:
    """Of many streams and short answers at the same time, each is whole, and all are in the history."""
    headers = {"Authorization": f"Bearer {server.api_key}"}
    async with ClientSession(f"{server.endpoint}/", headers=headers, connector=TCPConnector(limit=0)) as session:
        streams = [_streamed(session) for _ in range(STREAMS)]
        answers = [_answered(session) for _ in range(ANSWERS)]
        texts = await asyncio.gather(*streams, *answers)
        assert len(set(texts)) == 1
        assert len(await get(session, "chat/completions", max_items="1000")) == STREAMS + ANSWERS


async def test_a_slow_database_stops_no_stream(session: ClientSession, server: LocalServer, database: Path) -> None:
    """While it does not answer, pieces of streams and what needs no database come; then all that waited is kept."""
    other = sqlite3.connect(database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    streams = [await session.post("chat/completions", json=CHAT_STREAM) for _ in range(10)]
    assert [await answer.content.readuntil(b"\n\n") for answer in streams]
    assert await get(session, "models")
    await until(lambda: len(server.requests) == 11)
    other.close()
    assert {(await answer.text()).endswith("[DONE]\n\n") for answer in streams} == {True}
    assert len(await get(session, "chat/completions", max_items="20")) == 10


async def _streamed(session: ClientSession) -> str:
    async with session.post("chat/completions", json=CHAT_STREAM) as answer:
        *chunks, _ = events(await answer.text())
    return "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)


async def _answered(session: ClientSession) -> str:
    async with session.post("chat/completions", json=CHAT) as answer:
        text: str = (await answer.json())["choices"][0]["message"]["content"]
    return text
