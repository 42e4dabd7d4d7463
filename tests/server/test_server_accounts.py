"""What the server keeps per key: history, usage, and the database under them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession
from support.raw_http import CHAT, COMPLETION, EMBEDDING, IMAGE, RERANKER, get, post

from imagine.server import LocalServer, ServerOptions, Store
from imagine.server.store import Answered, Spent, UsageFilter

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", CHAT),
        ("completions", COMPLETION),
        ("embeddings", EMBEDDING),
        ("reranker", RERANKER),
        ("images/generations", IMAGE),
    ],
)
async def test_history_holds_pairs_newest_first(session: ClientSession, path: str, body: dict[str, object]) -> None:
    """A route's history is its answers and their requests, one unless more are asked for."""
    answers = [await post(session, path, {**body, "user": str(number)}) for number in range(3)]
    pairs = await get(session, path, max_items="2")
    assert [response for response, _ in pairs] == answers[:0:-1]
    assert [request["user"] for _, request in pairs] == ["2", "1"]
    assert len(await get(session, path)) == 1


async def test_refused_requests_leave_no_history(session: ClientSession) -> None:
    """Only good answers are remembered."""
    await post(session, "embeddings", {**EMBEDDING, "model": "none"})
    assert await get(session, "embeddings") == []


async def test_usage_is_summed_per_model_and_stretch(session: ClientSession) -> None:
    """Usage lists each model's tokens and seconds per time bin, and overall."""
    for _ in range(2):
        await post(session, "chat/completions", CHAT)
    await post(session, "embeddings", EMBEDDING)
    usage = await get(session, "usage", aggregation_duration="1 day", model="Llama-3.1-8B")
    [record], [overall] = usage["usage"], usage["overall"]
    today = datetime.now(UTC).date()
    assert record.pop("date_bin") in {f"{day}T00:00:00" for day in (today, today - timedelta(days=1))}
    assert record == overall
    assert record.pop("total_generation_time") > 0
    assert record == {
        "userid": "u-1",
        "model": "Llama-3.1-8B",
        "total_input_tokens": 2,
        "total_output_tokens": 12,
        "total_tokens": 14,
    }


async def test_usage_is_bounded_by_time(session: ClientSession) -> None:
    """`from` is included, `to` is not; both take what `str(datetime)` gives."""
    await post(session, "embeddings", EMBEDDING)
    now = datetime.now(UTC)
    earlier, later = now - timedelta(hours=1), now + timedelta(hours=1)
    both = {"from": str(earlier), "to": str(later.replace(tzinfo=None))}
    assert len((await get(session, "usage", **both))["overall"]) == 1
    assert (await get(session, "usage", **{"from": str(later)}))["overall"] == []
    assert (await get(session, "usage", to=str(earlier)))["usage"] == []


@pytest.mark.parametrize("duration", ["1 hour", "hour", "2 hours", "60 minutes", "1 week", "30 SECONDS"])
async def test_durations_are_read_as_people_write_them(session: ClientSession, duration: str) -> None:
    """A count is optional, a plural allowed; durations are case-insensitive."""
    await post(session, "embeddings", EMBEDDING)
    assert len((await get(session, "usage", aggregation_duration=duration))["usage"]) == 1


class TestTwoKeys:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"api_key": ("first", "second"), "quotas": ["1/hour"]}

    async def test_each_key_is_a_user(self, session: ClientSession, server: LocalServer) -> None:
        """Usage, history and quotas of one key are not another's."""
        await post(session, "embeddings", EMBEDDING)
        async with ClientSession(f"{server.endpoint}/", headers={"Authorization": "Bearer second"}) as other:
            assert await get(other, "embeddings") == []
            assert "data" in await post(other, "embeddings", EMBEDDING)
            assert (await get(other, "usage"))["overall"][0]["userid"] == "u-2"


async def test_a_file_outlives_the_server(tmp_path: Path, anyio_backend: str) -> None:
    """With a database file, the next server knows what the one before did."""
    for expected in (1, 2):
        with LocalServer(api_key="key", database=str(tmp_path / "imagine.db")) as server:
            async with ClientSession(f"{server.endpoint}/", headers={"Authorization": "Bearer key"}) as session:
                await post(session, "embeddings", EMBEDDING)
                assert len(await get(session, "embeddings", max_items="9")) == expected


def test_history_is_bounded_by_count() -> None:
    """The oldest answers of a route are forgotten, other routes' are not."""
    store = Store(history_limit=2)
    store.add([Answered("u", "m", Spent(), "other", b"0", b"0")])
    for numbers in ((0, 1), (2, 3)):
        store.add([Answered("u", "m", Spent(), "route", b"%d" % number, b"{}") for number in numbers])
    assert [response for response, _ in store.history("u", "route", 9)] == [b"3", b"2"]
    assert len(store.history("u", "other", 9)) == 1
    store.close()


def test_history_is_bounded_by_size() -> None:
    """Answers beyond 64 MiB in total are forgotten, but never the newest."""
    store = Store()
    for _ in range(3):
        store.add([Answered("u", "m", Spent(), "route", b"x" * (30 * 2**20))])
    assert len(store.history("u", "route", 9)) == 2
    store.add([Answered("u", "m", Spent(), "route", b"x" * (70 * 2**20))])
    assert len(store.history("u", "route", 9)) == 1
    store.close()


def test_usage_keeps_stretches_apart() -> None:
    """Calls in different time bins make different records, in order of time."""
    store = Store()
    store.add([Answered("u", "m", Spent(1, 2, 0.5), time=moment) for moment in (7200.0, 3599.0, 10.0)])
    bins = [record["date_bin"] for record in store.usage(UsageFilter("u"), 3600)]
    assert bins == ["1970-01-01T00:00:00", "1970-01-01T02:00:00"]
    assert store.overall_usage(UsageFilter("u"))[0]["total_tokens"] == 9
    store.close()
