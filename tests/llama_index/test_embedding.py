"""Vectors of texts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from imagine import ImagineAPIAuthenticationException, ImagineClient
from imagine.llama_index import ImagineEmbedding

pytestmark = pytest.mark.anyio

TEXTS = [f"cat number {number}" for number in range(5)]


async def test_a_batch_is_one_request(make, ask, server):
    """`embed_batch_size` texts go together, and the vectors come in their order."""
    vectors = await ask(make(ImagineEmbedding, embed_batch_size=3), "get_text_embedding_batch", TEXTS)
    assert sorted(len(request.input) for request in server.embeddings.requests) == [2, 3]
    with ImagineClient(server.endpoint, server.api_key) as client:
        assert vectors == [vector.embedding for vector in client.embeddings(TEXTS).data]


async def test_a_query_and_a_text_have_the_same_vector(make, ask):
    """The service knows no difference."""
    embedding = make(ImagineEmbedding)
    query = await ask(embedding, "get_query_embedding", "a cat")
    assert query == await ask(embedding, "get_text_embedding", "a cat")


async def test_errors_are_those_of_the_sdk(make, ask):
    """A key that is refused raises what it raises without LlamaIndex."""
    with pytest.raises(ImagineAPIAuthenticationException):
        await ask(make(ImagineEmbedding, api_key="wrong"), "get_text_embedding_batch", TEXTS)


@pytest.mark.parametrize("name", ["model", "model_name"])
def test_either_name_names_the_model(name):
    """LlamaIndex's own name and the others' are the same, in events, too."""
    embedding = ImagineEmbedding(**{name: "BAAI/bge-small-en"})
    assert embedding.model == embedding.model_name == embedding.to_payload()["model_name"] == "BAAI/bge-small-en"
    assert ImagineEmbedding.from_dict(embedding.to_dict()).model == "BAAI/bge-small-en"


def test_two_models_are_refused():
    """One of them would be ignored."""
    with pytest.raises(ValidationError, match="model= and model_name= are the same"):
        ImagineEmbedding(model="a", model_name="b")
