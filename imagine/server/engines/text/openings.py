"""Finds how to begin an answer: the sentence of the training text that is closest to the question."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import accumulate
from math import log

from imagine.server.engines.tokens import content_words, pieces, words

_SENTENCE = re.compile(r"\S[^.!?]*[.!?]")


class Openings:
    """An index of the sentences of a text by their words."""

    def __init__(self, text: str) -> None:
        self._up_to: defaultdict[str, dict[int, str]] = defaultdict(dict)
        """What each sentence with a word is up to that word."""
        sentences = [found.group() for found in _SENTENCE.finditer(text)]
        for number, sentence in enumerate(sentences):
            cut = pieces(sentence)
            for piece, beginning in zip(cut, accumulate(cut), strict=True):
                for word in words(piece):
                    self._up_to[word].setdefault(number, beginning)
        self._rarity = {word: log(len(sentences) / len(holders)) for word, holders in self._up_to.items()}

    def about(self, question: str) -> str:
        """Return the best sentence up to the rarest word that it shares with the question; "" if none does."""
        rarity = {word: self._rarity[word] for word in content_words(question) if word in self._rarity}
        scores: dict[int, float] = {}
        for word, weight in rarity.items():
            for number in self._up_to[word]:
                scores[number] = scores.get(number, 0.0) + weight
        if not scores:
            return ""
        best = max(sorted(scores), key=scores.__getitem__)
        shared = [word for word in rarity if best in self._up_to[word]]
        return self._up_to[max(shared, key=rarity.__getitem__)][best]
