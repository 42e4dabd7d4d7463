"""`ImagineEmbedding`: vectors of texts, a request for each batch."""

from __future__ import annotations

from typing import Self

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import Field, model_validator

from imagine.llama_index.clients import Connected

__all__ = ["ImagineEmbedding"]


class ImagineEmbedding(Connected, BaseEmbedding):
    """An embedding model of the service for LlamaIndex.

    `model=` and LlamaIndex's own `model_name=` are the same; `embed_batch_size` texts, 256 by default, go into one
    request. Raises pydantic's ValidationError for a field unknown or of the wrong type; its methods raise what the
    SDK's do.
    """

    model: str = Field(default="BAAI/bge-large-en-v1.5", description="Name of the model.")
    embed_batch_size: int = Field(default=256, gt=0, le=2048, description="Texts in one request.")

    @model_validator(mode="after")
    def _take_either_name(self) -> Self:
        given = self.model_fields_set & {"model", "model_name"}
        if given == {"model_name"}:
            self.model = self.model_name
        elif given == {"model", "model_name"} and self.model != self.model_name:
            raise ValueError("model= and model_name= are the same: give one of them")
        else:
            self.model_name = self.model
        return self

    @classmethod
    def class_name(cls) -> str:
        """Return the name that dumps carry."""
        return "ImagineEmbedding"

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await self._aget_text_embedding(query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._blocking.embeddings(text, self.model).first_embedding

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return (await self._awaited.embeddings(text, self.model)).first_embedding

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        answer = self._blocking.embeddings(texts, self.model)
        return [vector.embedding for vector in answer.data]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        answer = await self._awaited.embeddings(texts, self.model)
        return [vector.embedding for vector in answer.data]
