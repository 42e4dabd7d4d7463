from __future__ import annotations

from math import hypot
from operator import mul

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine.server.engines import Bm25RerankEngine, HashedEmbeddingEngine

EMBEDDING = HashedEmbeddingEngine()
RERANK = Bm25RerankEngine()
DOCUMENTS = ["The cat sleeps on the sofa.", "Routers forward packets between networks.", "Bread needs flour and time."]


def similarity(one, other):
    return sum(map(mul, EMBEDDING.embed(one), EMBEDDING.embed(other)))


@given(st.text())
def test_every_embedding_has_unit_length(text):
    """Any text, even the empty one, becomes 1024 numbers of unit length, the same each time."""
    vector = EMBEDDING.embed(text)
    assert len(vector) == EMBEDDING.dimensions == 1024
    assert hypot(*vector) == pytest.approx(1)
    assert vector == EMBEDDING.embed(text)


@pytest.mark.parametrize(
    ("text", "similar", "unrelated"),
    [
        ("The cat sat on the mat.", "A cat is sitting on a mat.", "The bank raised its interest rates."),
        ("How do I restart the router?", "Restarting routers", "How do I bake the bread?"),
        ("weather forecast for Oslo", "Oslo weather, forecasted", "recipe for lentil soup"),
    ],
)
def test_similar_texts_score_higher_than_unrelated_ones(text, similar, unrelated):
    """Shared words and parts of words count, shared grammar does not."""
    assert similarity(text, similar) > 2 * abs(similarity(text, unrelated))


def test_case_and_punctuation_do_not_change_an_embedding():
    """Only words count."""
    assert EMBEDDING.embed("Hello, World!") == EMBEDDING.embed("hello world")


def test_the_document_that_answers_the_query_scores_highest():
    """The document with the query's rare words wins, and one without a word of the query scores 0."""
    scores = RERANK.scores("which packets does a router forward on the network", DOCUMENTS)
    assert scores.index(max(scores)) == 1
    assert scores[2] == 0


def test_rare_words_count_more_than_common_ones_and_short_documents_more_than_long_ones():
    """The two ideas of BM25 decide where the number of matches does not."""
    rare, common, _ = RERANK.scores("red kite", ["a kite flies", "a red apple", "the red car"])
    assert rare > common
    short, long = RERANK.scores("kite", ["a kite", "a kite far above a very green and wide land"])
    assert short > long


@given(st.text(), st.lists(st.text()))
def test_scores_lie_between_0_and_1(query, documents):
    """There is a score for each document, whatever the texts."""
    scores = RERANK.scores(query, documents)
    assert len(scores) == len(documents)
    assert all(0 <= score < 1 for score in scores)
