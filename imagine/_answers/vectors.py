"""The answer to embeddings is one only where each text has its vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine.exceptions import ImagineDecodeException
from imagine.types.decoding import Decoding
from imagine.types.embeddings import EMBEDDING_RESPONSE, EmbeddingResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagine.types.embeddings import EmbeddingRequest

__all__ = ["vectors_for"]


def vectors_for(body: EmbeddingRequest, extra: Mapping[str, object] | None) -> Decoding[EmbeddingResponse]:
    """Return what decodes the answer; what `extra_body` sends as `input` may be tokens, which nobody can count."""
    if extra and "input" in extra:
        return EMBEDDING_RESPONSE
    return _Vectors(1 if isinstance(body.input, str) else len(body.input))


class _Vectors(Decoding[EmbeddingResponse]):
    def __init__(self, texts: int) -> None:
        super().__init__(EmbeddingResponse)
        self._texts = texts

    def decode(self, data: bytes | bytearray | memoryview) -> EmbeddingResponse:
        answer = EMBEDDING_RESPONSE.decode(data)
        if len(answer.data) != self._texts:
            raise ImagineDecodeException(f"there are {len(answer.data)} vectors for {self._texts} texts")
        for place, vector in enumerate(answer.data):
            if not vector.embedding:
                raise ImagineDecodeException(f"the vector of text {place}, counted from 0, is empty")
        return answer
