"""Embeddings: texts in, vectors out."""

from __future__ import annotations

from typing import Any

from imagine.types.answer import Answer
from imagine.types.base import DTO, PlainDTO
from imagine.types.brief import Brief
from imagine.types.common import UsageInfo
from imagine.types.decoding import Decoding

__all__ = ["EMBEDDING_HISTORY", "EMBEDDING_RESPONSE", "EmbeddingObject", "EmbeddingRequest", "EmbeddingResponse"]


class EmbeddingRequest(DTO, kw_only=True, omit_defaults=True):
    """Body of POST embeddings."""

    id: str | None = None
    """Identifies the request; None leaves it to the service."""
    input: str | list[str]
    """The text to embed, or several."""
    model: str
    """Name of the model."""


class EmbeddingObject(Brief, PlainDTO, kw_only=True):
    """The vector of one text; what the service leaves out is "" or 0. Only `embedding` is required."""

    object: str = ""
    """Kind of object: "embedding"."""
    embedding: list[float]
    """The vector."""
    index: int = 0
    """Which of the texts it belongs to, from 0."""

    @classmethod
    def _in_own_form(cls, members: dict[str, Any]) -> dict[str, Any]:
        vector = members.get("embedding")
        return {**members, "embedding": _numbers(vector)} if isinstance(vector, str) else members


def _numbers(text: str) -> list[float] | str:
    """Decode Base64 of little-endian float32; what is none stays as it is, to be refused with its place."""
    import binascii  # few services send it, and only where they are asked to
    import struct

    try:
        data = binascii.a2b_base64(text, strict_mode=True)
        return [number for (number,) in struct.iter_unpack("<f", data)]
    except (ValueError, struct.error):
        return text


class EmbeddingResponse(Answer, kw_only=True):
    """Vectors of all texts of a request; what the service leaves out is "" or None. Only `data` is required."""

    id: str = ""
    """Identifies the answer."""
    object: str = ""
    """Kind of object: "list"."""
    data: list[EmbeddingObject]
    """The vectors, in the order of the texts where the service numbers them by `index`."""
    model: str = ""
    """Name of the model."""
    usage: UsageInfo | None = None
    """Tokens that the request took."""

    def __post_init__(self) -> None:
        places = [vector.index for vector in self.data]
        if places != sorted(places) and sorted(places) == list(range(len(places))):
            self.data = sorted(self.data, key=lambda vector: vector.index)

    @property
    def first_embedding(self) -> list[float]:
        """The first vector; ImagineException where the answer holds none."""
        if not self.data:
            from imagine.exceptions import ImagineException  # it stands above the data classes

            raise ImagineException(f"The answer of model {self.model!r} holds no embedding: its `data` is empty.")
        return self.data[0].embedding


EMBEDDING_RESPONSE = Decoding(EmbeddingResponse)
EMBEDDING_HISTORY = Decoding(list[tuple[EmbeddingResponse, EmbeddingRequest]])
