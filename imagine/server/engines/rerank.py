"""Okapi BM25 over the documents of one request."""

from __future__ import annotations

from collections import Counter
from math import log
from typing import TYPE_CHECKING

from imagine.server.engines.tokens import content_words, words

if TYPE_CHECKING:
    from collections.abc import Sequence

_SATURATION = 1.2
"""k1: how soon more occurrences of a word stop counting."""
_LENGTH_WEIGHT = 0.75
"""b: how much more often a word has to occur in a long document than in a short one."""


class Bm25RerankEngine:
    """Scores documents by the words they share with the query; rare words count more than common ones."""

    def scores(self, query: str, documents: Sequence[str]) -> list[float]:
        """Score each document from 0 (no word in common) towards 1 (nothing but words of the query, very often).

        The BM25 sum is divided by its upper bound for the query, so scores of different queries can be compared.
        """
        counts = [Counter(words(document)) for document in documents]
        lengths = [count.total() for count in counts]
        average = sum(lengths) / max(len(lengths), 1)
        rarity = {word: _rarity(word, counts) for word in dict.fromkeys(content_words(query))}
        bound = sum(rarity.values()) or 1.0
        return [
            sum(weight * _share(count[word], length / (average or 1.0)) for word, weight in rarity.items()) / bound
            for count, length in zip(counts, lengths, strict=True)
        ]


def _rarity(word: str, documents: Sequence[Counter[str]]) -> float:
    holders = sum(word in document for document in documents)
    return log(1 + (len(documents) - holders + 0.5) / (holders + 0.5))


def _share(count: int, relative_length: float) -> float:
    return count / (count + _SATURATION * (1 - _LENGTH_WEIGHT + _LENGTH_WEIGHT * relative_length))
