"""Picks the next tokens according to the sampling options of a request."""

from __future__ import annotations

from bisect import bisect
from math import exp, inf, log
from typing import TYPE_CHECKING

from imagine.server.engines.text.ngram import heaped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagine.server.engines.interface import Token
    from imagine.server.engines.text.ngram import Candidates, Context, NgramModel
    from imagine.types.common import LLMSamplingParams

DEFAULT_TEMPERATURE = 0.7
_BOUNDS = (
    ("temperature", 0, 2),
    ("top_p", 0, 1),
    ("frequency_penalty", -2, 2),
    ("presence_penalty", -2, 2),
    ("repetition_penalty", 0.01, 100),
    ("max_tokens", 1, inf),
)


def stop_texts(sampling: LLMSamplingParams) -> list[str]:
    """Return the texts that end a generation: one, or several."""
    return [sampling.stop] if isinstance(sampling.stop, str) else sampling.stop or []


def check(sampling: LLMSamplingParams) -> None:
    """Raise ValueError for an option out of its bounds."""
    for name, low, high in _BOUNDS:
        value = getattr(sampling, name)
        if value is not None and not low <= value <= high:
            raise ValueError(f"{name} must be {_bounds(low, high)}, not {value}.")
    if sampling.top_k is not None and sampling.top_k != -1 and sampling.top_k < 1:
        raise ValueError(f"top_k must be at least 1, or -1 for all tokens, not {sampling.top_k}.")
    if "" in stop_texts(sampling):
        raise ValueError("stop must not hold an empty string: it would stop before the first token.")


class Sampler:
    """Picks the tokens of one generation; the same options, context and random numbers give the same tokens.

    Penalties come first, then temperature (default 0.7; 0 takes the most likely token), top_k and top_p.
    """

    def __init__(
        self, model: NgramModel, sampling: LLMSamplingParams, fractions: Iterator[float], prompt: Iterable[int]
    ) -> None:
        self._model = model
        self._random = fractions.__next__
        self._temperature = DEFAULT_TEMPERATURE if sampling.temperature is None else sampling.temperature
        self._top_k = sampling.top_k if sampling.top_k not in (None, -1) else None
        self._top_p = 1.0 if sampling.top_p is None else sampling.top_p
        self._penalties = _Penalties(sampling, prompt) if _penalises(sampling) else None
        self._is_plain = self._top_k is None and self._penalties is None

    def pick(self, context: Context) -> tuple[int, Token]:
        """Pick the token that follows: its id, and itself."""
        if self._is_plain:
            heap, candidates = self._model.heaps(context, self._temperature, self._top_p)
            token = candidates[self._place_in(heap)][0]
            return token, self._model.after(context, token)
        candidates = self._model.candidates(context)
        if self._penalties is not None:
            candidates = self._penalties.applied_to(candidates)
        candidates = candidates[: self._top_k]
        token = candidates[self._place_in(heaped(candidates, self._temperature, self._top_p))][0]
        if self._penalties is not None:
            self._penalties.count(token)
        return token, self._model.token(token, candidates)

    def _place_in(self, heap: list[float]) -> int:
        return bisect(heap, self._random() * heap[-1], 0, len(heap) - 1) if len(heap) > 1 else 0


def _penalises(sampling: LLMSamplingParams) -> bool:
    has_repetition = sampling.repetition_penalty not in (None, 1)
    return bool(sampling.frequency_penalty or sampling.presence_penalty or has_repetition)


class _Penalties:
    """Lowers the weight of tokens that occurred before: frequency and presence in the answer, repetition overall."""

    def __init__(self, sampling: LLMSamplingParams, prompt: Iterable[int]) -> None:
        self._frequency = sampling.frequency_penalty or 0.0
        self._presence = sampling.presence_penalty or 0.0
        self._repetition = 1.0 if sampling.repetition_penalty is None else sampling.repetition_penalty
        self._prompt = frozenset(prompt)
        self._counts: dict[int, int] = {}

    def count(self, token: int) -> None:
        self._counts[token] = self._counts.get(token, 0) + 1

    def applied_to(self, candidates: Candidates) -> Candidates:
        logits = {token: self._logit(token, log(weight)) for token, weight in candidates}
        highest = max(logits.values())
        ranked = sorted(logits.items(), key=lambda candidate: (-candidate[1], candidate[0]))
        return [(token, exp(logit - highest)) for token, logit in ranked]

    def _logit(self, token: int, logit: float) -> float:
        count = self._counts.get(token, 0)
        # Logits are logarithms of probabilities, never above 0: multiplying by a penalty over 1 lowers them.
        repeated = logit * self._repetition if count or token in self._prompt else logit
        return repeated - self._frequency * count - self._presence * (count > 0)


def _bounds(low: float, high: float) -> str:
    return f"at least {low}" if high == inf else f"between {low} and {high}"
