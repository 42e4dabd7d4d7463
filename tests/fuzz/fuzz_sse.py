"""The SSE decoder: wherever a body is cut, its events are those of a slow reference."""

from __future__ import annotations

import random
import zlib

from test_sse import cut, decoded, reference

from imagine._answers.sse import SSEDecoder
from imagine.exceptions import ImagineStreamException

PIECES = b"data: |data:|event: error\n|event: |id: 1\n|: |\n\n|\r\n|\r|\n|\xef\xbb\xbf|{}|[DONE]".split(b"|")
CAP = 16


def fuzz(data: bytes) -> None:
    """Decode a body whole, cut at random, a byte at a time, and under a cap on the size of its events."""
    expected = reference(data)
    assert decoded(data) == expected
    assert decoded(*cut(data, _places(data))) == expected
    assert decoded(*(data[at : at + 1] for at in range(len(data)))) == expected
    _check_capped(data, expected)


def _places(data: bytes) -> list[int]:
    """Choose where to cut, always the same for a body, so that a finding can be replayed."""
    chance = random.Random(zlib.crc32(data))
    return [chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 9))]


def _check_capped(data: bytes, expected: list[bytes]) -> None:
    """Under a cap no longer payload gets through, and what does is the same; a body within the cap is not refused."""
    decoder = SSEDecoder(max_event_bytes=CAP)
    payloads: list[bytes] = []
    try:
        for read in cut(data, _places(data)):
            payloads += decoder.feed(read)
    except ImagineStreamException:
        assert len(data) > CAP
    assert payloads == expected[: len(payloads)]
    assert all(len(payload) <= CAP for payload in payloads)
