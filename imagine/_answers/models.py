"""The answer of `GET models`, in the service's own shape or in that of plain OpenAI-compatible servers."""

from __future__ import annotations

import msgspec

from imagine.types.decoding import Decoding
from imagine.types.models import ModelType

__all__ = ["models_by_type"]


class _Model(msgspec.Struct):
    id: str


class _Catalogue(msgspec.Struct):
    """Both shapes in one: lists by type, and `data` of the plain servers. Types unknown here are skipped."""

    embedding: list[str] | None = None
    llm: list[str] | None = None
    reranker: list[str] | None = None
    text_to_image: list[str] | None = None
    transcribe: list[str] | None = None
    translate: list[str] | None = None
    data: list[_Model] | None = None


_CATALOGUE = Decoding(_Catalogue)


def models_by_type(content: bytes | bytearray) -> dict[ModelType, list[str]]:
    """Return the names of models by type; a plain list of models is one of LLMs."""
    catalogue = _CATALOGUE.decode(content)
    if catalogue.data is not None:
        return {ModelType.LLM: [model.id for model in catalogue.data]}
    by_type: dict[ModelType, list[str] | None] = {kind: getattr(catalogue, kind) for kind in ModelType}
    return {kind: names for kind, names in by_type.items() if names is not None}
