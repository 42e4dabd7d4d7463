"""Transcription: speech in, text out."""

from __future__ import annotations

from imagine.types.base import DTO, PlainDTO
from imagine.types.decoding import Decoding

__all__ = ["TRANSCRIBE_RESPONSE", "TranscribeRequest", "TranscribeResponse"]


class TranscribeRequest(DTO, kw_only=True, omit_defaults=True):
    """Form fields of POST transcribe, beside the file itself."""

    model: str
    """Name of the model."""


class TranscribeResponse(PlainDTO, kw_only=True):
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
