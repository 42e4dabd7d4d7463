"""Finds how to begin an answer: the sentence of the training text that is closest to the question."""

from __future__ import annotations

import re
from collections import defaultdict
from math import log

from imagine.server.engines.tokens import content_words, pieces, words

_SENTENCE = re.compile(r"\S[^.!?]*[.!?]")


class Openings:
    """An index of the sentences of a text by their words."""

    def __init__(self, text: str) -> None:
        self._sentences = [found.group() for found in _SENTENCE.finditer(text)]
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        for number, sentence in enumerate(self._sentences):
            for word in set(words(sentence)):
                self._holders[word].append(number)

    def about(self, question: str) -> str:
        """Return the best sentence up to the rarest word that it shares with the question; "" if none does."""
        rarity = {word: self._rarity(word) for word in content_words(question) if word in self._holders}
        scores: defaultdict[int, float] = defaultdict(float)
        for word, weight in rarity.items():
            for number in self._holders[word]:
                scores[number] += weight
        if not scores:
            return ""
        best = max(sorted(scores), key=lambda number: scores[number])
        shared = [word for word in rarity if best in self._holders[word]]
        return _up_to(max(shared, key=lambda word: rarity[word]), self._sentences[best])

    def _rarity(self, word: str) -> float:
        return log(len(self._sentences) / len(self._holders[word]))


def _up_to(word: str, sentence: str) -> str:
    cut = pieces(sentence)
    end = next(number for number, piece in enumerate(cut, 1) if word in words(piece))
    return "".join(cut[:end])
