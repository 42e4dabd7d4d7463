"""Nodes in the order of their relevance."""

from __future__ import annotations

import pytest
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload, LlamaDebugHandler
from llama_index.core.schema import NodeWithScore, TextNode
from support.scripted import json_answer

from imagine import ImagineDecodeException
from imagine.llama_index import ImagineRerank

pytestmark = pytest.mark.anyio

TEXTS = ("a big dog", "a tiny cat", "a long train", "a small cat")


@pytest.fixture
def nodes():
    return [NodeWithScore(node=TextNode(text=text), score=0.5) for text in TEXTS]


async def test_the_best_nodes_come_first(make, ask, nodes, bodies):
    """As many as `top_n` are asked for and kept, with new scores; the ones that went in keep theirs."""
    best = await ask(make(ImagineRerank, top_n=2), "postprocess_nodes", nodes, query_str="a small cat")
    assert [found.node.text for found in best] == ["a small cat", "a tiny cat"]
    assert best[0].score > best[1].score
    assert {node.score for node in nodes} == {0.5}
    assert bodies()[0]["top_n"] == 2


async def test_no_more_are_asked_for_than_there_are(make, ask, nodes, bodies):
    """Some services refuse a number beyond the documents."""
    await ask(make(ImagineRerank), "postprocess_nodes", nodes[:1], query_str="a cat")
    assert bodies()[0]["top_n"] == 1


async def test_no_nodes_are_no_request(make, ask, server):
    """There is nothing to rank."""
    assert await ask(make(ImagineRerank), "postprocess_nodes", [], query_str="a cat") == []
    assert server.requests == []


async def test_a_query_is_needed(make, ask, nodes, server):
    """The message names the argument, and nothing is sent."""
    with pytest.raises(ValueError, match="query_str= is missing"):
        await ask(make(ImagineRerank), "postprocess_nodes", nodes)
    assert server.requests == []


@pytest.mark.parametrize("index", [-1, 4])
async def test_a_document_that_nobody_sent_is_an_error(make, ask, nodes, server, index):
    """No other node is taken for it."""
    server.faults.script([json_answer({"data": [{"index": index, "relevance_score": 1.0}]})])
    with pytest.raises(ImagineDecodeException, match=f"document {index} of 4"):
        await ask(make(ImagineRerank), "postprocess_nodes", nodes, query_str="a cat")


async def test_callbacks_are_told(make, ask, nodes):
    """LlamaIndex's handlers see the model, the query and the outcome."""
    seen = LlamaDebugHandler(print_trace_on_end=False)
    rerank = make(ImagineRerank, callback_manager=CallbackManager([seen]))
    best = await ask(rerank, "postprocess_nodes", nodes, query_str="a cat")
    [[asked, told]] = seen.get_event_pairs(CBEventType.RERANKING)
    assert asked.payload[EventPayload.QUERY_STR] == "a cat"
    assert told.payload[EventPayload.NODES] == best
