"""Documents in the order of their relevance."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import BaseDocumentCompressor, Document
from pydantic import Field

from imagine.langchain.connection import Connected, wait_for
from imagine.types.reranker import ReRankerResponse

__all__ = ["ImagineReranker"]


class ImagineReranker(Connected, BaseDocumentCompressor):
    """A reranker of the service, for LangChain's retrievers; unknown fields are an error."""

    model: str = "BAAI/bge-reranker-base"
    """Name of the model."""
    top_n: int | None = Field(default=3, ge=1)
    """How many of the best to return; None: all."""

    def compress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return copies of the best documents, best first, with their `relevance_score` in the metadata."""
        if not documents:
            return []
        return _best(documents, wait_for(partial(self._blocking.reranker, **self._asked(documents, query))))

    async def acompress_documents(
        self, documents: Sequence[Document], query: str, callbacks: Callbacks | None = None
    ) -> Sequence[Document]:
        """Return copies of the best documents, best first, with their `relevance_score` in the metadata."""
        if not documents:
            return []
        return _best(documents, await self._awaited.reranker(**self._asked(documents, query)))

    def _asked(self, documents: Sequence[Document], query: str) -> dict[str, Any]:
        """Return the arguments of the client's method."""
        texts = [document.page_content for document in documents]
        top_n = min(self.top_n or len(texts), len(texts))
        return {"query": query, "documents": texts, "model": self.model, "top_n": top_n}


def _best(documents: Sequence[Document], answer: ReRankerResponse) -> list[Document]:
    return [
        documents[found.index].model_copy(
            update={"metadata": {**documents[found.index].metadata, "relevance_score": found.relevance_score}}
        )
        for found in answer.data
    ]
