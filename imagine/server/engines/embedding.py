"""Embeddings by feature hashing: texts that share words, or parts of words, get vectors that point the same way."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from math import hypot, log, sqrt
from zlib import crc32

from imagine.server.engines.tokens import content_words

_DIMENSIONS = 1024
_LONGEST_WORD = 64
"""How many characters of a word count; the rest is ignored."""


class HashedEmbeddingEngine:
    """Hashes each word and its runs of three and four letters into 1024 dimensions; vectors have unit length.

    It knows words, not meanings: synonyms look unrelated.
    """

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return _DIMENSIONS

    def embed(self, text: str) -> list[float]:
        """Embed a text; any text has a vector, even the empty one."""
        vector = [0.0] * _DIMENSIONS
        # A small constant where no feature goes: a vector has a length even if its features cancel each other out.
        vector[0] = 0.001
        for word, count in Counter(word[:_LONGEST_WORD] for word in content_words(text)).items():
            weight = 1 + log(count)
            for index, value in _features(word):
                vector[index] += weight * value
        length = hypot(*vector)
        return [value / length for value in vector]


@lru_cache(maxsize=4096)
def _features(word: str) -> tuple[tuple[int, float], ...]:
    padded = f"<{word}>"
    runs = [padded[start : start + length] for length in (3, 4) for start in range(len(padded) - length + 1)]
    # Together, the runs of a word weigh as much as the word; a long word says more than a short one.
    weight = min(len(word), 6) / 6
    return (_feature(padded, weight), *(_feature(run, weight / sqrt(len(runs))) for run in runs))


def _feature(run: str, weight: float) -> tuple[int, float]:
    code = crc32(run.encode("utf-8", "surrogatepass"))
    return 1 + code % (_DIMENSIONS - 1), weight if code >> 31 else -weight
