"""Requests that get an error answer, in the bodies that the service has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession, FormData
from support.raw_http import CHAT, COMPLETION, EMBEDDING, IMAGE, RERANKER, TRANSLATION, own_words, post

from imagine.server import Engines, LocalServer
from imagine.server.engines import NgramTextEngine, Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine.server import ServerOptions
    from imagine.types import ChatCompletionRequest

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer wrong", "Bearer ", "Basic {key}", "{key}", "Bearer {key}x"]
)
async def test_a_wrong_key_is_refused(server: LocalServer, authorization: str | None) -> None:
    """Anything but the right bearer key gets 401, on routes that exist and others."""
    headers = {} if authorization is None else {"Authorization": authorization.format(key=server.api_key)}
    async with ClientSession(f"{server.endpoint}/", headers=headers) as session:
        for path in ("ping", "nowhere"):
            async with session.get(path) as answer:
                assert answer.status == 401
                assert own_words(await answer.json()) == {"message": "Unauthorized", "status": "error"}


async def test_the_scheme_may_be_in_any_case(server: LocalServer) -> None:
    """`bearer` is as good as `Bearer`."""
    headers = {"Authorization": f"bearer {server.api_key}"}
    async with ClientSession(headers=headers) as session, session.get(f"{server.endpoint}/ping") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", CHAT),
        ("completions", COMPLETION),
        ("embeddings", EMBEDDING),
        ("reranker", RERANKER),
        ("translate", TRANSLATION),
        ("images/generations", IMAGE),
    ],
)
async def test_an_unknown_model_is_not_found(session: ClientSession, path: str, body: dict[str, Any]) -> None:
    """A model that is not offered on the route gets 404, even if another route has it."""
    for model in ("no-such-model", "whisper-tiny"):
        async with session.post(path, json={**body, "model": model}) as answer:
            assert answer.status == 404
            assert own_words(await answer.json()) == {"detail": "Model not found"}


async def test_unknown_routes_and_methods(session: ClientSession) -> None:
    """An unknown path gets 404, a method that a path does not have gets 405 and the ones it has."""
    async with session.get("nowhere") as answer:
        assert (answer.status, own_words(await answer.json())) == (404, {"detail": "Not Found"})
    async with session.delete("embeddings") as answer:
        assert (answer.status, own_words(await answer.json())) == (405, {"detail": "Method Not Allowed"})
        assert answer.headers["Allow"] == "GET,HEAD,POST"


@pytest.mark.parametrize(
    ("path", "body", "location"),
    [
        ("chat/completions", {"model": "Llama-3.1-8B"}, ["body", "messages"]),
        ("chat/completions", {**CHAT, "messages": [{"role": 3}]}, ["body", "messages", 0, "role"]),
        ("chat/completions", {**CHAT, "temperature": "hot"}, ["body", "temperature"]),
        ("chat/completions", {**CHAT, "tools": [{"type": "function"}]}, ["body", "tools", 0, "function"]),
        ("completions", {"prompt": "x"}, ["body", "model"]),
        ("embeddings", {**EMBEDDING, "input": [1.5]}, ["body", "input", 0]),
        ("reranker", [], ["body"]),
        ("images/generations", {**IMAGE, "n": 0}, ["body", "n"]),
        ("images/generations", {**IMAGE, "response_format": "gif"}, ["body", "response_format"]),
        ("images/generations", {**IMAGE, "size": "huge", "stream": True}, ["body"]),
        ("transcribe", {}, ["body", "model"]),
    ],
)
async def test_a_bad_body_is_refused(session: ClientSession, path: str, body: Any, location: list[str | int]) -> None:
    """A missing or wrong field gets 422 with its place in the body."""
    async with session.post(path, json=body) as answer:
        assert answer.status == 422
        [detail] = (await answer.json())["detail"]
    assert detail["loc"] == location
    assert detail["msg"]
    assert detail["type"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a": "\\ud800"}'])
async def test_a_body_that_is_not_json_is_refused(session: ClientSession, body: bytes) -> None:
    """What cannot be read as a JSON object gets 422."""
    async with session.post("embeddings", data=body) as answer:
        assert answer.status == 422


async def test_a_body_that_cannot_be_unpacked_is_refused(session: ClientSession) -> None:
    """A body that is not compressed as its headers say gets 400."""
    async with session.post("embeddings", data=b"no gzip", headers={"Content-Encoding": "gzip"}) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("models", {"model_type": "poem"}),
        ("usage", {"aggregation_duration": "a while"}),
        ("usage", {"aggregation_duration": "0 days"}),
        ("usage", {"from": "yesterday"}),
        ("usage", {"to": "tomorrow"}),
        ("embeddings", {"max_items": "0"}),
        ("embeddings", {"max_items": "many"}),
        ("embeddings", {"max_items": "9" * 5000}),
    ],
)
async def test_a_bad_query_is_refused(session: ClientSession, path: str, query: dict[str, str]) -> None:
    """A query parameter that makes no sense gets 422 with its name."""
    async with session.get(path, params=query) as answer:
        assert answer.status == 422
        assert (await answer.json())["detail"][0]["loc"] == ["query", *query]


async def test_an_upload_without_a_file_is_refused(session: ClientSession) -> None:
    """A form that lacks its file, or has it as text, gets 422."""
    form = FormData({"model": "whisper-tiny", "file": "no file"}, default_to_multipart=True)
    async with session.post("transcribe", data=form) as answer:
        assert answer.status == 422
        assert (await answer.json())["detail"][0]["loc"] == ["body", "file"]


@pytest.mark.parametrize(
    "body", [b"no form", b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n"]
)
async def test_a_broken_form_is_refused(session: ClientSession, body: bytes) -> None:
    """A multipart body that is malformed or nested gets 422."""
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with session.post("transcribe", data=body, headers=headers) as answer:
        assert answer.status == 422


@pytest.mark.parametrize("name", ["img-unknown-0.png", "{id}-2.png"])
async def test_an_unknown_image_is_not_found(session: ClientSession, server: LocalServer, name: str) -> None:
    """An id that was never given out, or a number beyond the request's, gets 404."""
    drawn = await post(session, "images/generations", {**IMAGE, "response_format": "url"})
    origin = server.endpoint.removesuffix("/v2")
    async with session.get(f"{origin}/images/{name.format(id=drawn['id'])}") as answer:
        assert (answer.status, own_words(await answer.json())) == (404, {"detail": "Image not found"})


class TestBounds:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"max_body_bytes": 1000, "max_upload_bytes": 2000}

    async def test_a_body_that_is_too_large_is_refused(self, session: ClientSession) -> None:
        """A JSON body above its limit gets 413."""
        async with session.post("embeddings", json={**EMBEDDING, "input": "x" * 1000}) as answer:
            assert answer.status == 413

    @pytest.mark.parametrize("filename", ["speech.wav", None])
    async def test_an_upload_that_is_too_large_is_refused(self, session: ClientSession, filename: str | None) -> None:
        """A form above its limit gets 413, whether because of a file or a text."""
        form = FormData({"model": "whisper-tiny"}, default_to_multipart=True)
        form.add_field("file", "x" * 2000, filename=filename)
        async with session.post("transcribe", data=form) as answer:
            assert answer.status == 413


class Fixed(NgramTextEngine):
    def chat(self, request: ChatCompletionRequest) -> Iterator[Token]:
        return iter([Token("Well", "stop")])


class TestOwnTexts:
    @pytest.fixture
    def imagine_server_options(self) -> ServerOptions:
        return {"engines": Engines(text=Fixed())}

    @pytest.mark.parametrize("odd", [{"temperature": 5}, {"stop": ""}, {"messages": []}])
    async def test_an_engine_with_texts_of_its_own_refuses_the_same(
        self, session: ClientSession, odd: dict[str, Any]
    ) -> None:
        """Options out of their bounds get 422 from a subclass that overrides `chat` alone."""
        async with session.post("chat/completions", json={**CHAT, **odd}) as answer:
            assert answer.status == 422
