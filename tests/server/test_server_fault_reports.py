"""Faults of what services say: errors under a good status, keys repeated, tool calls in pieces of every habit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientPayloadError
from support.raw_http import CHAT, CHAT_STREAM, EMBEDDING, events

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from imagine.server import LocalServer

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


async def read(session: ClientSession, fault: str, body: object = CHAT_STREAM, path: str = "chat/completions") -> str:
    async with session.post(path, json=body, headers={"X-Imagine-Fault": fault}) as answer:
        return await answer.text()


async def chunks_of(session: ClientSession, fault: str) -> list[Any]:
    return [chunk for chunk in events(await read(session, fault)) if chunk != "[DONE]"]


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ("text", {"error": "Generation failed"}),
        ("list", [{"error": {"message": "Generation failed", "type": "server_error", "code": 500}}]),
        ("object", {"object": "error", "message": "Generation failed", "code": 500}),
        ("detail", {"detail": "Generation failed"}),
    ],
)
async def test_an_error_has_any_shape(session: ClientSession, shape: str, body: object) -> None:
    """In place of an answer and of an event, an error looks as other services write it."""
    assert json.loads(await read(session, f"error-200;shape={shape}")) == body
    assert (await chunks_of(session, f"error-event;after=1;shape={shape}"))[1:] == [body]


@pytest.mark.parametrize("choices", [True, False])
async def test_an_error_stands_beside_choices(session: ClientSession, choices: bool) -> None:
    """The last chunk, or the whole answer, has an error and its choices, or none."""
    fault = f"error-beside;choices={choices}"
    whole, last = json.loads(await read(session, fault, CHAT)), (await chunks_of(session, fault))[-1]
    assert whole["error"] == last["error"] == {"message": "Generation failed", "code": 500}
    assert bool(whole["choices"]) == bool(last["choices"]) == choices


async def test_a_long_error_event(session: ClientSession) -> None:
    """An error event is as long as it is asked to be."""
    assert len(await read(session, "error-event;after=0;named=yes;kilobytes=100")) > 100 * 1024


async def test_the_key_is_repeated(session: ClientSession, server: LocalServer) -> None:
    """The key is in reason phrase, headers and body."""
    async with session.post("chat/completions", json=CHAT, headers={"X-Imagine-Fault": "key-echo"}) as answer:
        told = [answer.reason or "", answer.headers["X-Key"], await answer.text()]
    assert all(server.api_key in text for text in told)


@pytest.mark.parametrize(
    ("habit", "later"),
    [
        ("alternating", {"index": 0}),
        ("same-index", {"index": 0}),
        ("no-index", {}),
        ("new-ids", {"index": 0, "id": "call_0_1"}),
        ("repeated", {"index": 0, "id": "call_0", "name": "get_weather"}),
        ("empty-ids", {"index": 0, "id": "", "name": ""}),
    ],
)
async def test_tool_calls_come_by_any_habit(session: ClientSession, habit: str, later: object) -> None:
    """A later piece of a call has what the habit says, and the pieces are those of two calls."""
    deltas = [chunk["choices"][0]["delta"] for chunk in await chunks_of(session, f"tool-calls;habit={habit}")]
    pieces = [piece for delta in deltas for piece in delta.get("tool_calls", ())]
    piece = next(piece for piece in pieces[1:] if piece["function"].get("arguments") == ': "Oslo')
    named = {"name": piece["function"]["name"]} if "name" in piece["function"] else {}
    assert {name: piece[name] for name in ("index", "id") if name in piece} | named == later
    assert sum(len(piece["function"].get("arguments", "")) for piece in pieces) == 31


async def test_a_name_comes_in_pieces(session: ClientSession) -> None:
    """A function's name is told in two pieces."""
    chunks = await chunks_of(session, "tool-calls;habit=name-in-pieces")
    functions = [chunk["choices"][0]["delta"]["tool_calls"][0]["function"] for chunk in chunks[:2]]
    assert [function["name"] for function in functions] == ["get_", "weather"]


@pytest.mark.parametrize(
    ("fault", "numbers", "vectors"), [("reversed", [1, 0], 2), ("null", [0, 1], 1), ("missing", [0], 1)]
)
async def test_vectors_are_not_as_they_were_asked_for(
    session: ClientSession, fault: str, numbers: list[int], vectors: int
) -> None:
    """Vectors come in another order, empty, or not at all."""
    asked = {**EMBEDDING, "input": ["one", "two"]}
    data = json.loads(await read(session, f"vectors;change={fault}", asked, "embeddings"))["data"]
    assert [vector["index"] for vector in data] == numbers
    assert sum(vector["embedding"] is not None for vector in data) == vectors


@pytest.mark.parametrize(("name", "value"), [("id", 7), ("created", "2026-11-27T08:00:00Z"), ("usage", [])])
async def test_a_leaf_is_odd(session: ClientSession, name: str, value: object) -> None:
    """A field is of a type that nobody expects."""
    assert json.loads(await read(session, f"odd-leaf;name={name}", CHAT))[name] == value


@pytest.mark.parametrize("fault", ["break-after-done", "break-after-done;after=2"])
async def test_the_body_breaks_off_after_done(session: ClientSession, fault: str) -> None:
    """[DONE] comes, but the end of the body does not."""
    async with session.post("chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": fault}) as answer:
        with pytest.raises(ClientPayloadError):
            await answer.read()


async def test_finish_reasons_are_texts(session: ClientSession) -> None:
    """Every finish reason but the last one is the text `null`."""
    chunks = await chunks_of(session, "null-finish-reason")
    assert {chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]} == {"null"}
    assert chunks[-1]["choices"][0]["finish_reason"] != "null"
    assert len(await chunks_of(session, "null-finish-reason;after=2")) == 2


@pytest.mark.parametrize("done", [True, False])
async def test_only_the_first_choice_comes(session: ClientSession, done: bool) -> None:
    """A stream with the first choice alone ends with [DONE] only where that is asked for."""
    text = await read(session, f"first-choice;done={done}")
    assert all(chunk["choices"] for chunk in events(text) if chunk != "[DONE]")
    assert ("[DONE]" in text) == done
