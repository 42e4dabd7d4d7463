"""The vectors of texts."""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.embeddings import Embeddings
from pydantic import Field

from imagine.async_client import ImagineAsyncClient
from imagine.langchain.connection import Connected, wait_for
from imagine.langchain.several import each

__all__ = ["ImagineEmbeddings"]


class ImagineEmbeddings(Connected, Embeddings):
    """Embeddings of the service, in requests of some texts each, some at once; unknown fields are an error."""

    model: str = "BAAI/bge-large-en-v1.5"
    """Name of the model."""
    batch_size: int = Field(default=256, ge=1)
    """The most texts of one request."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts, in their order; TypeError for what is no list of texts."""
        batches, client = self._batches(texts), self._blocking
        return _flat(wait_for(lambda: each(lambda batch: self._vectors(client, batch), batches)))

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts, in their order; TypeError for what is no list of texts."""
        batches, client = self._batches(texts), self._awaited
        return _flat(await each(lambda batch: self._vectors(client, batch), batches))

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a text."""
        [vector] = self.embed_documents([text])
        return vector

    async def aembed_query(self, text: str) -> list[float]:
        """Return the vector of a text."""
        [vector] = await self.aembed_documents([text])
        return vector

    def _batches(self, texts: Sequence[str]) -> list[list[str]]:
        if isinstance(texts, str):
            raise TypeError(f"texts must be a list of texts, not one: embed_query({texts[:20]!r}) takes one")
        all_ = list(texts)
        return [all_[start : start + self.batch_size] for start in range(0, len(all_), self.batch_size)]

    async def _vectors(self, client: ImagineAsyncClient, batch: list[str]) -> list[list[float]]:
        answer = await client.embeddings(batch, self.model)
        return [item.embedding for item in answer.data]


def _flat(batches: list[list[list[float]]]) -> list[list[float]]:
    return [vector for batch in batches for vector in batch]
