"""The order of vectors: that of their numbers where these say one, else that in which they came."""

from __future__ import annotations

import json
from typing import Any

from choices import PIECES, Choices

from imagine.exceptions import ImagineDecodeException
from imagine.types.embeddings import EMBEDDING_RESPONSE

__all__ = ["PIECES", "fuzz"]

SPELLINGS = (int, str, float)
"""How services write a number; the two others take the lenient way."""


def fuzz(data: bytes) -> None:
    """Let the bytes choose how many vectors there are, and how each is numbered."""
    choices = Choices(data)
    count = choices.number(9)
    numbers = choices.order(count) if choices.number(2) else [choices.number(count) for _ in range(count)]
    vectors = [_vector(choices, place, number) for place, number in enumerate(numbers)]
    is_order = sorted(numbers) == list(range(count))
    try:
        answer = EMBEDDING_RESPONSE.decode(json.dumps({"data": vectors}).encode())
    except ImagineDecodeException:
        assert not is_order  # numbers that contradict each other may be refused, but not changed
        return
    wanted = sorted(range(count), key=numbers.__getitem__) if is_order else list(range(count))
    assert [vector.embedding for vector in answer.data] == [[place + 0.5] for place in wanted]


def _vector(choices: Choices, place: int, number: int) -> dict[str, Any]:
    """Write a vector that holds the place at which it came; some services leave the first number out."""
    numbered = {} if number == 0 and choices.number(1) else {"index": choices.one_of(SPELLINGS)(number)}
    return {"embedding": [place + 0.5], **numbered}
