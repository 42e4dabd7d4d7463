"""Reranking: a query and documents in, the documents' relevance out."""

from __future__ import annotations

from typing import Any, cast

from imagine.types.answer import Answer
from imagine.types.base import DTO, PlainDTO
from imagine.types.common import UsageInfo
from imagine.types.decoding import Decoding

__all__ = ["RERANKER_HISTORY", "RERANKER_RESPONSE", "ReRankerObject", "ReRankerRequest", "ReRankerResponse"]


class ReRankerRequest(DTO, kw_only=True, omit_defaults=True):
    """Body of POST reranker."""

    query: str
    """What the documents are compared with."""
    documents: list[str]
    """Texts of the documents, or ids of documents that the service knows."""
    top_n: int | None = None
    """How many of the most relevant to return; None leaves it to the service, whose default is 1."""
    model: str
    """Name of the model."""
    return_documents: bool | None = None
    """Whether the answer repeats the documents; None leaves it to the service, whose default is False."""


class ReRankerObject(PlainDTO, kw_only=True):
    """How relevant one document is; only `document` may be left out."""

    document: str | None = None
    """The document, where the request asked for it."""
    index: int
    """Its place in the request, from 0."""
    relevance_score: float
    """How relevant it is to the query; higher is more."""

    @classmethod
    def _in_own_form(cls, members: dict[str, Any]) -> dict[str, Any]:
        document, score = cast("object", members.get("document")), members.get("relevance_score")
        text = cast("dict[str, Any]", document).get("text") if isinstance(document, dict) else None
        return {
            **members,
            "document": document if text is None else text,
            "relevance_score": members.get("score") if score is None else score,
        }


class ReRankerResponse(Answer, kw_only=True):
    """Documents in the order of their relevance; what the service leaves out is "" or None. Only `data` is required."""

    id: str = ""
    """Identifies the answer."""
    data: list[ReRankerObject]
    """The documents, most relevant first."""
    failure: str | None = None
    """What went wrong, where the request failed."""
    model: str = ""
    """Name of the model."""
    object: str = ""
    """Kind of object, as the service names it."""
    usage: UsageInfo | None = None
    """Tokens that the request took."""

    @classmethod
    def _in_own_form(cls, members: dict[str, Any]) -> dict[str, Any]:
        data = members.get("data")
        return {**members, "data": members.get("results") if data is None else data}


RERANKER_RESPONSE = Decoding(ReRankerResponse)
RERANKER_HISTORY = Decoding(list[tuple[ReRankerResponse, ReRankerRequest]])
