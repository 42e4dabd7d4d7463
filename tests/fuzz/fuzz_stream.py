"""A whole stream, from its bytes to the folded answer: what cannot be read is our error, the rest is an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import fuzz_decoding
import fuzz_sse

from imagine._answers.folding import ChatFold, CompletionFold, Fold, ImageFold, NoChunk
from imagine._answers.sse import SSEDecoder
from imagine.exceptions import ImagineDecodeException
from imagine.types.base import to_json
from imagine.types.chat_completions import CHAT_CHUNK
from imagine.types.completions import COMPLETION_CHUNK
from imagine.types.images import IMAGE_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagine.types.decoding import Decoding

PIECES = fuzz_sse.PIECES + fuzz_decoding.PIECES
KINDS: list[tuple[Decoding[Any], Callable[[], Fold[Any, Any]]]] = [
    (CHAT_CHUNK, ChatFold),
    (COMPLETION_CHUNK, CompletionFold),
    (IMAGE_RESPONSE, ImageFold),
]


def fuzz(data: bytes) -> None:
    """Read a body as a stream of each kind, as far as its events are chunks."""
    decoder = SSEDecoder()
    payloads = decoder.feed(data) + decoder.finish()
    for decoding, make_fold in KINDS:
        fold = make_fold()
        chunks = _chunks(decoding, payloads)
        try:
            fold.add(chunks, payloads)
        except NoChunk as bad:
            del chunks[bad.place :]
        _check(decoding, fold, list(zip(chunks, payloads, strict=False)))


def _chunks(decoding: Decoding[Any], payloads: list[bytes]) -> list[Any]:
    chunks: list[Any] = []
    for payload in payloads:
        try:
            chunks.append(decoding.decode(payload))
        except ImagineDecodeException:
            break
    return chunks


def _check(decoding: Decoding[Any], fold: Fold[Any, Any], read: list[tuple[Any, bytes]]) -> None:
    """A fold's answer can be written, is Unicode, and does not depend on how the chunks came apart."""
    fold.text.encode()
    one_by_one = type(fold)()
    for chunk, payload in read:
        one_by_one.add([chunk], [payload])
    assert to_json(fold.snapshot()) == to_json(one_by_one.snapshot())
    assert (fold.complete, fold.may_end) == (one_by_one.complete, one_by_one.may_end)
