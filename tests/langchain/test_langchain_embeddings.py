"""The vectors of texts, and documents in the order of their relevance."""

from __future__ import annotations

import pytest
from langchain_core.documents import Document

from imagine import ImagineAPIBadRequestException
from imagine.langchain import ImagineEmbeddings, ImagineReranker

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("imagine_environment")]


async def test_many_texts_are_sent_in_batches(server, call):
    """Vectors come in the order of the texts, however these are cut into requests."""
    embeddings = ImagineEmbeddings(batch_size=3)
    texts = [f"text {number}" for number in range(10)]
    vectors = await call(embeddings, "embed_documents", texts)
    assert sorted(len(request.json["input"]) for request in server.requests) == [1, 3, 3, 3]
    assert vectors == [await call(embeddings, "embed_query", text) for text in texts]


async def test_no_texts_are_not_sent(server, call):
    """Of nothing there are no vectors, and nothing is asked."""
    assert await call(ImagineEmbeddings(), "embed_documents", []) == []
    assert server.requests == []


async def test_one_text_is_no_list_of_texts(server, call):
    """A text in place of a list is refused before anything is sent."""
    with pytest.raises(TypeError, match="texts must be a list"):
        await call(ImagineEmbeddings(), "embed_documents", "text")
    assert server.requests == []


async def test_a_batch_that_fails_is_the_sdks_error(server, call):
    """What the service refuses is raised as it is."""
    server.faults.script(["status;code=400;message=too long"])
    with pytest.raises(ImagineAPIBadRequestException, match="too long"):
        await call(ImagineEmbeddings(batch_size=1), "embed_documents", ["a", "b", "c"])


@pytest.mark.parametrize(("top_n", "kept"), [(1, ["cat"]), (3, ["cat", "dog"]), (None, ["cat", "dog"])])
async def test_the_best_documents_are_kept(server, call, top_n, kept):
    """Copies of the best, with their score beside what they had, leave the documents as they were."""
    server.reranker.replies([0.1, 0.9])
    documents = [Document("dog", metadata={"page": 1}), Document("cat", metadata={"page": 2}, id="2")]
    found = await call(ImagineReranker(top_n=top_n), "compress_documents", documents, "small")
    assert [document.page_content for document in found] == kept
    assert (found[0].metadata, found[0].id) == ({"page": 2, "relevance_score": 0.9}, "2")
    assert [document.metadata for document in documents] == [{"page": 1}, {"page": 2}]


async def test_no_documents_are_not_sent(server, call):
    """Of nothing nothing is best, and nothing is asked."""
    assert await call(ImagineReranker(), "compress_documents", [], "small") == []
    assert server.requests == []
