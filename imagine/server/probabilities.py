"""Probabilities of tokens in the two shapes of OpenAI's API: as chats have them, and as completions have them."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine.server.engines import Odds, Token

    Json = dict[str, Any]

__all__ = ["chat_logprobs", "completion_logprobs"]


def chat_logprobs(tokens: Sequence[Token], top: int, _offset: int) -> Json | None:
    """Return the `logprobs` of some tokens of a chat; None where the engine does not tell them."""
    odds = _odds(tokens)
    if odds is None:
        return None
    pairs = zip(tokens, odds, strict=True)
    content = [
        {**_entry(token.text, odd.logprob), "top_logprobs": [_entry(*likely) for likely in odd.likely[:top]]}
        for token, odd in pairs
    ]
    return {"content": content, "refusal": None}


def completion_logprobs(tokens: Sequence[Token], top: int, offset: int) -> Json | None:
    """Return the `logprobs` of some tokens of a completion, `offset` characters in; None as for a chat."""
    odds = _odds(tokens)
    if odds is None:
        return None
    return {
        "tokens": [token.text for token in tokens],
        "token_logprobs": [odd.logprob for odd in odds],
        "top_logprobs": [_likely(token, odd, top) for token, odd in zip(tokens, odds, strict=True)] if top else None,
        "text_offset": list(accumulate((len(token.text) for token in tokens[:-1]), initial=offset)) if tokens else [],
    }


def _likely(token: Token, odd: Odds, top: int) -> Json:
    """Name the likeliest texts, and the one that came whether it is among them or not."""
    return {**dict(odd.likely[:top]), token.text: odd.logprob}


def _odds(tokens: Sequence[Token]) -> list[Odds] | None:
    told = [token.odds() for token in tokens if token.odds is not None]
    return told if len(told) == len(tokens) else None


def _entry(text: str, logprob: float) -> Json:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode(errors="surrogatepass"))}
