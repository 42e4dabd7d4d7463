"""Query engines and chat engines, as users put them together."""

from __future__ import annotations

import pytest
from llama_index.core import Settings, VectorStoreIndex
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.schema import TextNode

from imagine.llama_index import ImagineEmbedding, ImagineLLM, ImagineRerank

pytestmark = pytest.mark.anyio

TEXTS = ("Bees keep warm by shivering.", "Tides follow the moon.", "Bread rises over night.")


@pytest.fixture
def index(make):
    """An index whose models are those of `Settings`."""
    Settings.llm = make(ImagineLLM)
    Settings.embed_model = make(ImagineEmbedding)
    yield VectorStoreIndex([TextNode(text=text) for text in TEXTS])
    Settings._llm = Settings._embed_model = None  # set to None, they would stand for models of others


@pytest.fixture
def chat_engine(index):
    """A chat engine whose memory is a list: the one that it would make for itself leaves a database open."""
    return index.as_chat_engine(chat_mode="context", memory=ChatMemoryBuffer.from_defaults())


async def test_a_query_engine_answers_from_the_best_node(make, ask, index, server):
    """Retrieved, reranked and answered by the service."""
    server.chat.replies("The moon.")
    rerank = make(ImagineRerank, top_n=1)
    engine = index.as_query_engine(similarity_top_k=3, node_postprocessors=[rerank])
    answer = await ask(engine, "query", "What do tides follow?")
    assert str(answer) == "The moon."
    assert [node.text for node in answer.source_nodes] == ["Tides follow the moon."]
    assert "Tides follow the moon." in server.chat.last.messages[-1].content


async def test_a_chat_engine_remembers(ask, chat_engine, server):
    """The second question is asked with the first and its answer before it."""
    server.chat.replies("They shiver.", "In winter.")
    await ask(chat_engine, "chat", "What do bees do?")
    assert str(await ask(chat_engine, "chat", "When?")) == "In winter."
    said = [message.content for message in server.chat.last.messages if message.role != "system"]
    assert said == ["What do bees do?", "They shiver.", "When?"]


def test_a_chat_engine_streams_each_piece_once(chat_engine, server):
    """The pieces make the answer, and not the answer over and over."""
    server.chat.replies("They shiver all winter.")
    pieces = list(chat_engine.stream_chat("What do bees do?").response_gen)
    assert "".join(pieces) == "They shiver all winter."
    assert len(pieces) > 1
