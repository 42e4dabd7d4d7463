"""A trigram model blended with its bigrams: which tokens follow a pair of tokens in the training text, how often."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from functools import lru_cache, partial
from itertools import accumulate
from math import log
from typing import TypeAlias

from imagine.server.engines.interface import Odds, Token
from imagine.server.engines.tokens import pieces

END = 0
"""Id of the end of a paragraph, which also stands before its first word."""
UNKNOWN = -1
"""Id of every token that the training text does not have."""
PARAGRAPH_BREAK = "\n\n"
_TRIGRAM_SHARE = 0.85
_REMEMBERED = 4096
"""Contexts whose candidates are kept: about as many as the text in the package has."""

Context: TypeAlias = tuple[int, int]
Candidates: TypeAlias = list[tuple[int, float]]


class NgramModel:
    """Knows the successors of each pair of tokens of a text whose paragraphs are separated by blank lines."""

    def __init__(self, text: str) -> None:
        self.tokens = [PARAGRAPH_BREAK]
        """The vocabulary: the text of each token id."""
        self._ids = {PARAGRAPH_BREAK: END}
        self._after_pair: defaultdict[Context, Counter[int]] = defaultdict(Counter)
        self._after_one: defaultdict[int, Counter[int]] = defaultdict(Counter)
        self.candidates = lru_cache(maxsize=_REMEMBERED)(self._candidates)
        """The possible next tokens of a context with their probabilities, most likely first."""
        self.heaps = lru_cache(maxsize=_REMEMBERED)(self._heaps)
        """Those of a context as well as `heaped` at a temperature and top_p."""
        self.after = lru_cache(maxsize=_REMEMBERED)(self._after)
        """One of them, by its id."""
        for paragraph in text.strip().split(PARAGRAPH_BREAK):
            self._learn(paragraph)

    def id_of(self, piece: str) -> int:
        """Look a token up as it is written, then as a word inside a sentence; UNKNOWN if neither is known."""
        known = self._ids.get(piece)
        return self._ids.get(" " + piece.strip().lower(), UNKNOWN) if known is None else known

    def context_after(self, text: str) -> Context:
        """Return the context at the end of a text; after an unknown word, that of a comma."""
        if not text:
            return (END, END)
        before, last = [UNKNOWN, *map(self.id_of, pieces(text)[-2:])][-2:]
        return (before, last) if last != UNKNOWN else (UNKNOWN, self._ids.get(",", END))

    def token(self, token: int, candidates: Candidates) -> Token:
        """Return a token by its id, picked from candidates."""
        return Token(self.tokens[token], None, partial(self._odds, token, candidates))

    def _odds(self, token: int, candidates: Candidates) -> Odds:
        whole = sum(weight for _, weight in candidates)
        logprobs = {each: log(weight / whole) for each, weight in candidates}
        return Odds(logprobs[token], [(self.tokens[each], logprob) for each, logprob in logprobs.items()])

    def _learn(self, paragraph: str) -> None:
        ids = [END, END, *(self._ids.setdefault(piece, len(self._ids)) for piece in pieces(paragraph)), END]
        self.tokens = list(self._ids)
        for first, second, third in zip(ids, ids[1:], ids[2:], strict=False):
            self._after_pair[first, second][third] += 1
            self._after_one[second][third] += 1

    def _candidates(self, context: Context) -> Candidates:
        after_pair, after_one = self._after_pair.get(context), self._after_one[context[1]]
        weights = _shares(after_one, 1.0 if after_pair is None else 1.0 - _TRIGRAM_SHARE)
        for token, share in _shares(after_pair or Counter(), _TRIGRAM_SHARE).items():
            weights[token] += share
        return sorted(weights.items(), key=lambda candidate: (-candidate[1], candidate[0]))

    def _after(self, context: Context, token: int) -> Token:
        return self.token(token, self.candidates(context))

    def _heaps(self, context: Context, temperature: float, top_p: float) -> tuple[list[float], Candidates]:
        candidates = self.candidates(context)
        return heaped(candidates, temperature, top_p), candidates


def heaped(candidates: Candidates, temperature: float, top_p: float) -> list[float]:
    """Add up the weights of the candidates that top_p keeps, so that a random number finds one of them.

    Of no temperature at all, only the likeliest is kept.
    """
    if not temperature:
        return [1.0]
    most, power = candidates[0][1], 1 / temperature
    heap = list(accumulate((weight / most) ** power for _, weight in candidates))
    return heap[: bisect_left(heap, top_p * heap[-1]) + 1]


def _shares(counts: Counter[int], whole: float) -> dict[int, float]:
    total = counts.total()
    return {token: whole * count / total for token, count in counts.items()}
