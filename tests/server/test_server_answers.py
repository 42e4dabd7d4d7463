"""The good answers of every route, in the shapes that the service has."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, FormData
from support.raw_http import CHAT, COMPLETION, EMBEDDING, IMAGE, RERANKER, TRANSLATION, get, post, stream

from imagine.server import MODELS, Engines, LocalServer
from imagine.server.bodies import Upload
from imagine.server.engines import HashedEmbeddingEngine

if TYPE_CHECKING:
    from imagine.server import ServerOptions

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio

TOOL = {"type": "function", "function": {"name": "get_time", "parameters": {"type": "object", "properties": {}}}}


async def test_ping_and_health_say_ok(session: ClientSession) -> None:
    """A server whose store and engines work says so."""
    assert await get(session, "ping") == {"message": "pong", "status": "ok"}
    assert await get(session, "health") == {"postgres": "ok", "redis": "ok", "models": "ok"}


async def test_health_stands_at_the_root_too(session: ClientSession) -> None:
    """Programs that measure servers ask for `/health` itself, as vLLM has it."""
    assert await get(session, "/health") == {"postgres": "ok", "redis": "ok", "models": "ok"}


class BrokenEmbedding(HashedEmbeddingEngine):
    def embed(self, text: str) -> list[float]:
        raise RuntimeError("weights are missing")


class TestBrokenParts:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"engines": Engines(embedding=BrokenEmbedding())}

    async def test_health_names_a_broken_engine(self, session: ClientSession) -> None:
        """An engine that does not work shows in the health, with the reason."""
        health = await get(session, "health")
        assert health == {"postgres": "ok", "redis": "ok", "models": "error: RuntimeError: weights are missing"}

    async def test_ping_and_health_notice_a_broken_store(self, session: ClientSession, server: LocalServer) -> None:
        """A store that cannot be written shows in both."""
        server.store.close()
        assert (await get(session, "ping"))["status"].startswith("error: ProgrammingError")
        assert (await get(session, "health"))["postgres"].startswith("error: ProgrammingError")


async def test_models_are_listed_by_type(session: ClientSession) -> None:
    """All types are listed, or the one that is asked for."""
    models = await get(session, "models")
    assert {kind: models[kind] for kind in MODELS} == {kind: list(names) for kind, names in MODELS.items()}
    rerankers = await get(session, "models", model_type="reranker")
    assert (rerankers["reranker"], rerankers.keys() & MODELS) == (["BAAI/bge-reranker-base"], {"reranker"})


async def test_a_chat_answer(session: ClientSession) -> None:
    """A chat is answered with a message, a finish reason and usage."""
    answer = await post(session, "chat/completions", CHAT)
    assert list(answer) == ["id", "object", "created", "model", "choices", "usage"]
    assert answer["id"].startswith("chatcmpl-")
    assert (answer["object"], answer["model"]) == ("chat.completion", "Llama-3.1-8B")
    [choice] = answer["choices"]
    assert choice["message"]["role"] == "assistant"
    assert "tool_calls" not in choice["message"]
    assert (choice["index"], choice["finish_reason"]) == (0, "length")
    assert answer["usage"] == {"prompt_tokens": 1, "total_tokens": 7, "completion_tokens": 6}


async def test_a_chat_answer_that_calls_a_tool(session: ClientSession) -> None:
    """A required tool is called, and the finish reason says so."""
    answer = await post(session, "chat/completions", {**CHAT, "tools": [TOOL], "tool_choice": "required"})
    [choice] = answer["choices"]
    [call] = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert (call["type"], call["function"]) == ("function", {"name": "get_time", "arguments": "{}"})


async def test_parts_of_a_message_count_as_its_text(session: ClientSession) -> None:
    """Content in parts is read like the same content as text."""
    parts = [{"type": "text", "text": "hello"}, {"type": "image_url", "image_url": {"url": "http://x"}}]
    answer = await post(session, "chat/completions", {**CHAT, "messages": [{"role": "user", "content": parts}]})
    assert answer["usage"]["prompt_tokens"] == 1


@pytest.mark.parametrize(
    ("path", "body"), [("completions", COMPLETION), ("translate", TRANSLATION)], ids=["completions", "translate"]
)
async def test_a_completion_answer(session: ClientSession, path: str, body: dict[str, Any]) -> None:
    """Completions and translations have one shape, with text and generation time."""
    answer = await post(session, path, body)
    assert list(answer) == ["id", "object", "created", "model", "choices", "usage", "generation_time"]
    assert list(answer["choices"][0]) == ["index", "text", "finish_reason"]
    assert answer["object"] == "completion"
    assert answer["generation_time"] > 0


async def test_a_translation_is_cut_at_max_tokens(session: ClientSession) -> None:
    """A translation keeps to the token limit and says that it was cut."""
    answer = await post(session, "translate", {**TRANSLATION, "max_tokens": 1})
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 1


async def test_an_embeddings_answer(session: ClientSession) -> None:
    """Each text gets its vector, in order; a single text gets the same one."""
    answer = await post(session, "embeddings", EMBEDDING)
    alone = await post(session, "embeddings", {**EMBEDDING, "input": "two", "id": "mine"})
    assert (answer["object"], answer["model"]) == ("list", EMBEDDING["model"])
    assert [(entry["object"], entry["index"]) for entry in answer["data"]] == [("embedding", 0), ("embedding", 1)]
    assert alone["data"][0]["embedding"] == answer["data"][1]["embedding"]
    assert alone["id"] == "mine"
    assert answer["usage"] == {"prompt_tokens": 2, "total_tokens": 2, "completion_tokens": 0}


async def test_a_reranker_answer(session: ClientSession) -> None:
    """Documents come in order of relevance, as many as asked for, and with their text if asked for."""
    answer = await post(session, "reranker", {**RERANKER, "top_n": 2, "return_documents": True})
    scores = [entry["relevance_score"] for entry in answer["data"]]
    assert answer["failure"] is None
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(entry["document"] == RERANKER["documents"][entry["index"]] for entry in answer["data"])


async def test_the_reranker_returns_one_document_by_default(session: ClientSession) -> None:
    """Without `top_n` the best document is returned, by its index alone."""
    answer = await post(session, "reranker", RERANKER)
    assert [list(entry) for entry in answer["data"]] == [["index", "relevance_score"]]


async def test_a_transcription_answer(session: ClientSession, server: LocalServer) -> None:
    """An uploaded file reaches the engine whole, and is recorded without being kept."""
    content = bytes(range(256)) * 8192
    form = FormData({"model": "whisper-tiny"})
    form.add_field("file", BytesIO(content), filename="speech.wav")
    async with session.post("transcribe", data=form) as response:
        answer = await response.json()
    upload = server.requests[-1].form["file"]
    assert isinstance(upload, Upload)
    assert list(answer) == ["id", "text", "generation_time", "ts"]
    assert "speech.wav" in answer["text"]
    assert datetime.fromisoformat(answer["ts"])
    assert (upload.filename, upload.size) == ("speech.wav", len(content))
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert upload.file.closed


async def test_an_image_answer_with_bytes(session: ClientSession) -> None:
    """Images come as Base64 of PNG files; the same request gets the same ones."""
    answer = await post(session, "images/generations", IMAGE)
    again = await post(session, "images/generations", IMAGE)
    images = [base64.b64decode(image["b64_json"]) for image in answer["data"]]
    assert answer["object"] == "text_to_image"
    assert [image[:4] for image in images] == [b"\x89PNG"] * 2
    assert (again["id"], again["data"]) == (answer["id"], answer["data"])


async def test_an_image_answer_with_addresses(session: ClientSession, server: LocalServer) -> None:
    """Addresses are paths below the endpoint's parent, where the images are served without a key."""
    inline = await post(session, "images/generations", IMAGE)
    [event, *_] = await stream(session, "images/generations", {**IMAGE, "response_format": "url", "stream": True})
    answer = await post(session, "images/generations", {**IMAGE, "response_format": "url"})
    origin = server.endpoint.removesuffix("/v2")
    async with ClientSession() as anyone, anyone.get(origin + answer["data"][1]["url"]) as response:
        assert response.content_type == "image/png"
        assert base64.b64encode(await response.read()).decode() == inline["data"][1]["b64_json"]
    assert answer["data"][0] == event["data"][0] == {"url": f"/images/{answer['id']}-0.png"}


async def test_an_image_stream(session: ClientSession) -> None:
    """A stream has one event per image, of the whole answer's shape."""
    *drawn, done = await stream(session, "images/generations", {**IMAGE, "stream": True})
    assert done == "[DONE]"
    assert [len(event["data"]) for event in drawn] == [1, 1]
    assert {event["object"] for event in drawn} == {"text_to_image"}


async def test_every_answer_has_a_request_id_of_its_own(session: ClientSession, server: LocalServer) -> None:
    """Good answers, errors and faults carry `X-Request-Id`, the one that is recorded."""
    ids: list[str] = []
    for path, fault in (("ping", ""), ("nowhere", ""), ("ping", "status"), ("ping", "nan"), ("ping", "gzip")):
        async with session.get(path, headers={"X-Imagine-Fault": fault}) as response:
            ids.append(response.headers["X-Request-Id"])
    assert len(set(ids)) == 5
    assert ids == [request.request_id for request in server.requests]
