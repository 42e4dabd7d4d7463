"""Transcription: speech in, text out."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable
from os import PathLike
from typing import BinaryIO, Protocol, TypeAlias

from imagine.types.answer import Answer
from imagine.types.base import DTO
from imagine.types.decoding import Decoding

__all__ = ["TRANSCRIBE_RESPONSE", "AsyncAudioFile", "AsyncFile", "AudioFile", "TranscribeRequest", "TranscribeResponse"]


class AsyncFile(Protocol):
    """A file whose `read` is awaited, such as those of aiofiles and anyio, and the uploads of web frameworks."""

    async def read(self, size: int = ..., /) -> bytes:
        """Return at most so many bytes, none at the end."""
        ...


AudioFile: TypeAlias = str | PathLike[str] | BinaryIO | bytes | bytearray | memoryview | Iterable[bytes]
"""What a client that blocks uploads: a path, a binary file, bytes, or an iterator of them."""
AsyncAudioFile: TypeAlias = AudioFile | AsyncFile | AsyncIterable[bytes]
"""What the async client uploads: files and iterators of its own kind, too."""


class TranscribeRequest(DTO, kw_only=True, omit_defaults=True):
    """Form fields of POST transcribe, beside the file itself."""

    model: str
    """Name of the model."""


class TranscribeResponse(Answer, kw_only=True):
    """A transcription; what the service leaves out is 0, "" or None. Only `text` is required."""

    generation_time: float = 0.0
    """Time that the transcription took, in seconds."""
    id: str = ""
    """Identifies the answer."""
    text: str
    """What was said."""
    ts: str | None = None
    """When the answer was made, as the service writes it."""


TRANSCRIBE_RESPONSE = Decoding(TranscribeResponse)
