"""The bytes of every answer: rendered before anything is measured, the same for all clients."""

from __future__ import annotations

import json
import random
from functools import cache
from itertools import chain, cycle, islice, repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CHARACTERS_PER_EVENT", "CHAT", "END", "STAMP_EPOCH", "STREAM_HEAD", "TRANSCRIPTION",
    "big_event", "first_event", "stamped_event", "stream_pieces", "vectors",
]  # fmt: skip

WORDS = (" able", " back", " city", " door", " even", " fact", " game", " hand")
CHARACTERS_PER_EVENT = 5
STAMP_EPOCH = 1_000_000_000
"""Added to a monotonic time, so that every stamp has the same number of digits."""

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-cache\r\n"
    b"X-Request-Id: req-5f1c\r\nTransfer-Encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
MODEL = "Llama-3.1-8B"
CREATED = 1763856000


def answer(body: object) -> bytes:
    """Return a whole HTTP answer."""
    content = json.dumps(body, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Request-Id: req-5f1c\r\nContent-Length: {len(content)}"
    )
    return head.encode() + b"\r\n\r\n" + content


CHAT = answer(
    {
        "id": "chatcmpl-9f",
        "object": "chat.completion",
        "created": CREATED,
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": " able"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12, "total_tokens": 13, "completion_tokens": 1},
    }
)
TRANSCRIPTION = answer({"id": "tr-1", "text": "hello", "generation_time": 0.8, "ts": None})


@cache
def vectors(count: int, size: int) -> bytes:
    """Return an answer with so many embeddings of so many floats."""
    some = random.Random(size)
    data = [
        {"object": "embedding", "index": index, "embedding": [some.uniform(-0.1, 0.1) for _ in range(size)]}
        for index in range(count)
    ]
    usage = {"prompt_tokens": 4 * count, "total_tokens": 4 * count, "completion_tokens": 0}
    return answer({"id": "emb-1", "object": "list", "data": data, "model": "BAAI/bge-large-en-v1.5", "usage": usage})


def event(
    content: str, *, role: str | None = None, finish_reason: str | None = None, created: float = CREATED
) -> bytes:
    """Return one event of a chat stream."""
    delta = {"content": content} if role is None else {"role": role, "content": content}
    chunk = {
        "id": "chatcmpl-9f3a7c52e1",
        "object": "chat.completion.chunk",
        "created": created,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }
    return b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"


def http_chunk(data: bytes) -> bytes:
    """Return data framed as one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


DONE = http_chunk(b"data: [DONE]\n\n") + END


def stream_pieces(events: int, per_chunk: int) -> Iterator[bytes]:
    """Yield a stream of `events`, at least twice `per_chunk` and a multiple of it, as HTTP chunks of `per_chunk`.

    The head goes with the first chunk and the end with the last, so that a read for each piece is one for each chunk.
    """
    first, middle, last = _rendered(per_chunk)
    return chain([first], repeat(middle, events // per_chunk - 2), [last])


@cache
def _rendered(per_chunk: int) -> tuple[bytes, bytes, bytes]:
    """Return the first chunk of a stream, one from its middle, and the last."""
    words = list(islice(cycle(WORDS), per_chunk))
    plain = [event(word) for word in words]
    first = http_chunk(b"".join([event(words[0], role="assistant"), *plain[1:]]))
    last = http_chunk(b"".join([*plain[:-1], event(words[-1], finish_reason="stop")]))
    return STREAM_HEAD + first, http_chunk(b"".join(plain)), last + DONE


@cache
def big_event(size: int) -> bytes:
    """Return a stream of one event with a text of `size` characters."""
    return STREAM_HEAD + http_chunk(event("x" * size, role="assistant", finish_reason="stop")) + DONE


def first_event() -> bytes:
    """Return the start of a stream that says no more."""
    return STREAM_HEAD + http_chunk(event(WORDS[0], role="assistant"))


@cache
def _stamp_template() -> bytes:
    return http_chunk(event(WORDS[0], created=STAMP_EPOCH + 0.123456)).replace(b"1000000000.123456", b"%17.6f")


def stamped_event(now: float) -> bytes:
    """Return an event whose `created` is a monotonic time plus STAMP_EPOCH: the only bytes not known beforehand."""
    return _stamp_template() % (STAMP_EPOCH + now)
