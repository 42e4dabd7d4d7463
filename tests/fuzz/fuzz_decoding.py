"""The decoders of all data classes: what they make of a document can be written and read again, or is our error."""

from __future__ import annotations

import json
from typing import Any

import imagine.types
from imagine._answers.models import _CATALOGUE
from imagine.exceptions import ImagineDecodeException
from imagine.types.base import DTO, to_json
from imagine.types.chat_completions import CHAT_HISTORY
from imagine.types.completions import COMPLETION_HISTORY
from imagine.types.decoding import Decoding
from imagine.types.embeddings import EMBEDDING_HISTORY
from imagine.types.images import IMAGE_HISTORY
from imagine.types.reranker import RERANKER_HISTORY

_classes = (getattr(imagine.types, name) for name in imagine.types.__all__)
DATA_CLASSES = [cls for cls in _classes if issubclass(cls, DTO)]
HISTORIES: list[Decoding[Any]] = [CHAT_HISTORY, COMPLETION_HISTORY, EMBEDDING_HISTORY, RERANKER_HISTORY, IMAGE_HISTORY]
DECODINGS: list[Decoding[Any]] = [*(Decoding(cls) for cls in DATA_CLASSES), *HISTORIES, _CATALOGUE]
FIELDS = sorted({name for cls in DATA_CLASSES for name in cls.__struct_fields__})

PIECES = [b'"%b": ' % name.encode() for name in FIELDS]
PIECES += rb'null|true|1|1.5|1e400|"1"|NaN|-Infinity|[|]|{|}|,|:|"|\ud83d|\u0000|"stop"|[]|{}'.split(b"|")
PIECES += [b"9" * 30, b"\xff", b"\xef\xbb\xbf", b'"2026-11-01T00:00:00"']
LONGEST_MESSAGE = 1000


def fuzz(data: bytes) -> None:
    """Decode a document, without its first byte, with the decoder that this byte names."""
    decoding = DECODINGS[data[0] % len(DECODINGS)] if data else DECODINGS[0]
    try:
        made = decoding.decode(data[1:])
    except ImagineDecodeException as error:
        assert len(str(error)) <= LONGEST_MESSAGE
        return
    assert repr(made)
    _check_reads_back(decoding, to_json(made))


def _check_reads_back(decoding: Decoding[Any], written: bytes) -> None:
    """What was written is JSON, and from the second time on the same; NaN is written as null, so not every first is."""
    json.loads(written)
    try:
        again = to_json(decoding.decode(written))
    except ImagineDecodeException:
        assert b"null" in written
        return
    assert to_json(decoding.decode(again)) == again
