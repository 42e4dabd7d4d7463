"""The answer of GET models, in the service's own shape or in one of those of OpenAI-compatible servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from imagine.exceptions import ImagineDecodeException
from imagine.types.decoding import Decoding
from imagine.types.models import ModelType

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["models_by_type"]


class _Model(msgspec.Struct):
    id: str


class _Catalogue(msgspec.Struct):
    """The shapes in one: lists by type, `data` of most other servers, `models` of some. Unknown types are skipped."""

    embedding: list[str] | None = None
    llm: list[str] | None = None
    reranker: list[str] | None = None
    text_to_image: list[str] | None = None
    transcribe: list[str] | None = None
    translate: list[str] | None = None
    data: list[_Model | str] | None = None
    models: list[_Model | str] | None = None


_CATALOGUE = Decoding(_Catalogue)
_BARE_LIST = Decoding(list[_Model | str])


def models_by_type(content: bytes | bytearray) -> dict[ModelType, list[str]]:
    """Return the names of models by type; a plain list of models is one of LLMs, unless there are typed lists, too."""
    if content.lstrip().startswith(b"["):
        return {ModelType.LLM: _names(_BARE_LIST.decode(content))}
    catalogue = _CATALOGUE.decode(content)
    by_type: dict[ModelType, list[str] | None] = {kind: getattr(catalogue, kind) for kind in ModelType}
    typed = {kind: names for kind, names in by_type.items() if names is not None}
    plain = catalogue.data if catalogue.data is not None else catalogue.models
    if not typed and plain is None:
        raise ImagineDecodeException(f"there are no models in {bytes(content[:200])!r}")
    return typed or {ModelType.LLM: _names(plain or ())}


def _names(models: Iterable[_Model | str]) -> list[str]:
    return [model if isinstance(model, str) else model.id for model in models]
