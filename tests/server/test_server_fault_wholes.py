"""Faults of form: whole answers in events, none at all, other words and other encodings."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING

import pytest
from support.raw_http import CHAT, CHAT_STREAM, EMBEDDING, RERANKER, events, post

if TYPE_CHECKING:
    from aiohttp import ClientSession

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


async def read(session: ClientSession, fault: str) -> str:
    async with session.post("chat/completions", json=CHAT_STREAM, headers={"X-Imagine-Fault": fault}) as answer:
        return await answer.text()


@pytest.mark.parametrize("name", ["message", "text"])
async def test_a_stream_is_one_event(session: ClientSession, name: str) -> None:
    """Its choice is that of the answer that comes whole."""
    [choice] = (await post(session, "chat/completions", CHAT))["choices"]
    chunk, done = events(await read(session, f"whole-event;name={name}"))
    [found] = chunk["choices"]
    wanted = choice["message"] if name == "message" else choice["message"]["content"]
    assert (found[name], found["finish_reason"], "delta" in found) == (wanted, choice["finish_reason"], False)
    assert done == "[DONE]"


async def test_a_stream_is_its_end_mark(session: ClientSession) -> None:
    """Nothing comes before [DONE]."""
    assert await read(session, "done-alone") == "data: [DONE]\n\n"


async def test_vectors_come_in_base64(session: ClientSession) -> None:
    """They are those that come as numbers, as float32."""
    good, packed = [await post(session, "embeddings", EMBEDDING, fault) for fault in ("", "vectors;change=base64")]
    for vector, text in zip(good["data"], packed["data"], strict=True):
        numbers = [number for (number,) in struct.iter_unpack("<f", base64.b64decode(text["embedding"]))]
        assert numbers == pytest.approx(vector["embedding"], rel=1e-6)


async def test_a_reranker_speaks_in_other_words(session: ClientSession) -> None:
    """Its results have the same scores under the other names."""
    asked = {**RERANKER, "return_documents": True}
    good, other = [await post(session, "reranker", asked, fault) for fault in ("", "reranked")]
    wanted = [(each["relevance_score"], {"text": each["document"]}) for each in good["data"]]
    assert [(each["score"], each["document"]) for each in other["results"]] == wanted


async def test_arguments_are_objects(session: ClientSession) -> None:
    """In a stream and in a whole answer."""
    whole = await post(session, "chat/completions", CHAT, fault="tool-calls;habit=objects")
    calls = whole["choices"][0]["message"]["tool_calls"]
    chunks = [chunk for chunk in events(await read(session, "tool-calls;habit=objects")) if chunk != "[DONE]"]
    pieces = [call for chunk in chunks for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert [call["function"]["arguments"] for call in calls] == [{"city": "Oslo"}, {"zone": "CET"}]
    assert pieces == calls


async def test_an_error_is_said_to_be_encoded(session: ClientSession) -> None:
    """Its body is JSON, and its head says something else."""
    headers = {"X-Imagine-Fault": "status;code=503;encoding=x-no"}
    async with session.post("chat/completions", json=CHAT, headers=headers) as answer:
        assert (answer.status, answer.headers["Content-Encoding"]) == (503, "x-no")
        assert json.loads(await answer.read())["message"] == "Service Unavailable"
