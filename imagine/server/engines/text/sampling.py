"""Picks the next tokens according to the sampling options of a request."""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections import Counter
from math import exp, inf, log
from typing import TYPE_CHECKING

from imagine.server.engines.text.ngram import heaped

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from imagine.server.engines.text.ngram import Candidates, Context, NgramModel
    from imagine.types.common import LLMSamplingParams

DEFAULT_TEMPERATURE = 0.7
_BOUNDS = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "frequency_penalty": (-2, 2),
    "presence_penalty": (-2, 2),
    "repetition_penalty": (0.01, 100),
    "max_tokens": (1, inf),
}


def stop_texts(sampling: LLMSamplingParams) -> list[str]:
    """Return the texts that end a generation: one, or several."""
    return [sampling.stop] if isinstance(sampling.stop, str) else sampling.stop or []


def check(sampling: LLMSamplingParams) -> None:
    """Raise ValueError for an option out of its bounds."""
    for name, (low, high) in _BOUNDS.items():
        value = getattr(sampling, name)
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name} must be {_bounds(low, high)}, not {value}.")
    if sampling.top_k is not None and sampling.top_k != -1 and sampling.top_k < 1:
        raise ValueError(f"top_k must be at least 1, or -1 for all tokens, not {sampling.top_k}.")
    if "" in stop_texts(sampling):
        raise ValueError("stop must not hold an empty string: it would stop before the first token.")


class Sampler:
    """Picks the tokens of one generation; the same options, context and random generator give the same tokens.

    Penalties come first, then temperature (default 0.7; 0 takes the most likely token), top_k and top_p.
    """

    def __init__(
        self, model: NgramModel, sampling: LLMSamplingParams, generator: Random, prompt: Iterable[int]
    ) -> None:
        self._model = model
        self._random = generator.random
        self._temperature = DEFAULT_TEMPERATURE if sampling.temperature is None else sampling.temperature
        self._top_k = sampling.top_k if sampling.top_k not in (None, -1) else None
        self._top_p = 1.0 if sampling.top_p is None else sampling.top_p
        self._penalties = _Penalties(sampling, prompt)
        self._is_plain = self._top_k is None and not self._penalties.active

    def pick(self, context: Context) -> tuple[int, Candidates]:
        """Pick the token that follows, and return it with those that it was picked from."""
        candidates = self._model.candidates(context)
        if not self._is_plain:
            candidates = self._penalties.applied_to(candidates)[: self._top_k]
        is_sure = self._temperature == 0 or len(candidates) == 1
        token = candidates[0][0] if is_sure else self._draw(context, candidates)
        if not self._is_plain:
            self._penalties.count(token)
        return token, candidates

    def _draw(self, context: Context, candidates: Candidates) -> int:
        heat = self._temperature
        cumulative = self._model.heaps(context, heat) if self._is_plain else heaped(candidates, heat)
        kept = bisect_left(cumulative, self._top_p * cumulative[-1])
        return candidates[bisect(cumulative, self._random() * cumulative[kept], hi=kept)][0]


class _Penalties:
    """Lowers the weight of tokens that occurred before: frequency and presence in the answer, repetition overall."""

    def __init__(self, sampling: LLMSamplingParams, prompt: Iterable[int]) -> None:
        self._frequency = sampling.frequency_penalty or 0.0
        self._presence = sampling.presence_penalty or 0.0
        self._repetition = 1.0 if sampling.repetition_penalty is None else sampling.repetition_penalty
        self._prompt = frozenset(prompt)
        self._counts: Counter[int] = Counter()
        self.active = (self._frequency, self._presence, self._repetition) != (0.0, 0.0, 1.0)

    def count(self, token: int) -> None:
        self._counts[token] += 1

    def applied_to(self, candidates: Candidates) -> Candidates:
        if not self.active:
            return candidates
        logits = {token: self._logit(token, log(weight)) for token, weight in candidates}
        highest = max(logits.values())
        ranked = sorted(logits.items(), key=lambda candidate: (-candidate[1], candidate[0]))
        return [(token, exp(logit - highest)) for token, logit in ranked]

    def _logit(self, token: int, logit: float) -> float:
        count = self._counts[token]
        # Logits are logarithms of probabilities, never above 0: multiplying by a penalty over 1 lowers them.
        repeated = logit * self._repetition if count or token in self._prompt else logit
        return repeated - self._frequency * count - self._presence * (count > 0)


def _bounds(low: float, high: float) -> str:
    return f"at least {low}" if high == inf else f"between {low} and {high}"
