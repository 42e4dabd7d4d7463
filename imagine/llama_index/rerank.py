"""`ImagineRerank`: nodes in the order of their relevance to a query."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from llama_index.core.bridge.pydantic import Field
from llama_index.core.callbacks import CBEventType, EventPayload
from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import MetadataMode, NodeWithScore, QueryBundle

from imagine.exceptions import ImagineDecodeException
from imagine.llama_index.clients import Connected

if TYPE_CHECKING:
    from collections.abc import Generator

    from imagine.types.reranker import ReRankerResponse

__all__ = ["ImagineRerank"]


class ImagineRerank(Connected, BaseNodePostprocessor):
    """A reranker of the service for LlamaIndex: keeps the `top_n` best nodes, 3 by default, with their new scores.

    The nodes that it gets stay as they are. Raises pydantic's ValidationError for a field unknown or of the wrong type;
    ValueError without a query; what the SDK's `reranker` raises.
    """

    model: str = Field(default="BAAI/bge-reranker-base", description="Name of the model.")
    top_n: int = Field(default=3, ge=1, description="How many nodes to keep.")

    @classmethod
    def class_name(cls) -> str:
        """Return the name that dumps carry."""
        return "ImagineRerank"

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = _query(query_bundle)
        if not nodes:
            return []
        with self._told(nodes, query) as told:
            answer = self._blocking.reranker(query, _texts(nodes), self.model, min(self.top_n, len(nodes)))
            told += self._best(nodes, answer)
        return told

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        query = _query(query_bundle)
        if not nodes:
            return []
        with self._told(nodes, query) as told:
            answer = await self._awaited.reranker(query, _texts(nodes), self.model, min(self.top_n, len(nodes)))
            told += self._best(nodes, answer)
        return told

    @contextmanager
    def _told(self, nodes: list[NodeWithScore], query: str) -> Generator[list[NodeWithScore], None, None]:
        """Tell LlamaIndex's callbacks of a reranking, whose outcome goes into the list."""
        asked: dict[str, Any] = {
            EventPayload.NODES: nodes,
            EventPayload.MODEL_NAME: self.model,
            EventPayload.QUERY_STR: query,
            EventPayload.TOP_K: self.top_n,
        }
        best: list[NodeWithScore] = []
        with self.callback_manager.event(CBEventType.RERANKING, payload=asked) as event:
            yield best
            event.on_end(payload={EventPayload.NODES: best})

    def _best(self, nodes: list[NodeWithScore], answer: ReRankerResponse) -> list[NodeWithScore]:
        for found in answer.data:
            if not 0 <= found.index < len(nodes):
                raise ImagineDecodeException(f"the reranking names document {found.index} of {len(nodes)} documents")
        best = answer.data[: self.top_n]
        return [NodeWithScore(node=nodes[found.index].node, score=found.relevance_score) for found in best]


def _query(bundle: QueryBundle | None) -> str:
    if bundle is None:
        raise ValueError("query_bundle= or query_str= is missing: nodes are ranked by their relevance to a query")
    return bundle.query_str


def _texts(nodes: list[NodeWithScore]) -> list[str]:
    return [node.node.get_content(metadata_mode=MetadataMode.EMBED) for node in nodes]
