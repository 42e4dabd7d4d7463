"""What the answers carry for other clients, and that our own read all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import ClientSession
from support.raw_http import COMPLETION, EMBEDDING, RERANKER, TRANSLATION, post, stream

if TYPE_CHECKING:
    from imagine.server import LocalServer

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio

DOCUMENTS = RERANKER["documents"]


@pytest.fixture
async def openai_session(server: LocalServer, anyio_backend: str) -> Any:
    """A session with the key, whose addresses are relative to the base URL of OpenAI's clients."""
    headers = {"Authorization": f"Bearer {server.api_key}"}
    async with ClientSession(f"{server.openai_base_url}/", headers=headers) as session:
        yield session


@pytest.mark.parametrize(("path", "body"), [("completions", COMPLETION), ("translate", TRANSLATION)])
async def test_chunks_hold_their_text_in_both_places(session: ClientSession, path: str, body: dict[str, Any]) -> None:
    """A piece of a text stands beside `delta` in `text`, too."""
    *chunks, _ = await stream(session, path, {**body, "stream": True})
    choices = [chunk["choices"][0] for chunk in chunks]
    assert [choice["text"] for choice in choices] == [choice["delta"].get("content", "") for choice in choices]


async def test_chunks_for_openai_have_no_delta(openai_session: ClientSession) -> None:
    """There a chunk with a `delta` would be one of a chat."""
    first, *_ = await stream(openai_session, "completions", {**COMPLETION, "stream": True})
    assert list(first["choices"][0]) == ["index", "text", "finish_reason"]


async def test_our_clients_read_a_text_once(make_client: Any, server: LocalServer) -> None:
    """Wherever a chunk holds its text, the stream comes to the text of the whole answer."""
    for endpoint in (server.endpoint, server.openai_base_url):
        client = await make_client(endpoint=endpoint)
        whole = await client.completion("A network is", max_tokens=5)
        streamed = client.completion_stream("A network is", max_tokens=5)
        assert (await streamed.final()).first_text == streamed.text == whole.first_text


async def test_our_clients_read_all_routes_below_v1(make_client: Any, server: LocalServer) -> None:
    """Models keep their types, and addresses of images are those that the server has."""
    client = await make_client(endpoint=server.openai_base_url)
    own = await make_client()
    assert await client.get_available_models_by_type() == await own.get_available_models_by_type()
    options: Any = {"prompt": "a cat", "size": "16x16", "response_format": "url"}
    here, there = await client.images_generate(**options), await own.images_generate(**options)
    assert here.data[0].url == there.data[0].url


async def test_our_clients_read_the_history_of_others(session: ClientSession, make_client: Any) -> None:
    """Batches are remembered prompt by prompt, Base64 in numbers, and tokens as the text that they are taken for."""
    client = await make_client()
    await post(session, "completions", {**COMPLETION, "prompt": ["Once", "Twice"], "n": 2})
    await post(session, "embeddings", {**EMBEDDING, "input": [[1, 2]], "encoding_format": "base64"})
    history = await client.get_completion_history(max_items=2)
    assert [(asked.prompt, len(answer.choices)) for answer, asked in history] == [("Twice", 2), ("Once", 2)]
    [(answer, asked)] = await client.get_embedding_history()
    assert (asked.input, len(answer.first_embedding)) == (["1 2"], 1024)


async def test_documents_are_ranked_as_jina_and_cohere_have_it(session: ClientSession) -> None:
    """Without `top_n` all come, best first, with their texts; documents may be objects with a text."""
    answer = await post(session, "rerank", {**RERANKER, "documents": [{"text": text} for text in DOCUMENTS]})
    results = answer["results"]
    assert [DOCUMENTS[result["index"]] for result in results] == [result["document"]["text"] for result in results]
    scores = [result["relevance_score"] for result in results]
    assert (len(scores), scores) == (len(DOCUMENTS), sorted(scores, reverse=True))
    assert answer["usage"]["total_tokens"] == answer["meta"]["tokens"]["input_tokens"]


async def test_ranked_documents_are_cut_and_left_out_as_asked(session: ClientSession) -> None:
    """`top_n` takes the best, and texts are not returned to whom does not want them."""
    answer = await post(session, "rerank", {**RERANKER, "top_n": 1, "return_documents": False})
    assert [list(result) for result in answer["results"]] == [["index", "relevance_score"]]
