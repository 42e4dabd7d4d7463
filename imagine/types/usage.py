"""What an account has used so far."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from msgspec import field

from imagine.types.answer import Answer
from imagine.types.base import PlainDTO
from imagine.types.decoding import Decoding

__all__ = ["USAGE_RESPONSE", "UsageRecord", "UsageRecordAggregated", "UsageResponse"]


class UsageRecord(PlainDTO, kw_only=True):
    """Use of one model in one span of time; what the service leaves out is "", 0 or None."""

    _mends: ClassVar[bool] = False

    userid: str = ""
    """Whose use it is."""
    model: str = ""
    """Name of the model."""
    date_bin: datetime | None = None
    """Start of the span, whose length is the call's `aggregation_duration`; as the service sends it, without a zone."""
    total_input_tokens: int = 0
    """Tokens of all prompts."""
    total_output_tokens: int = 0
    """Generated tokens."""
    total_tokens: int = 0
    """Both together."""
    total_generation_time: float = 0.0
    """Time that all generations took, in seconds."""


class UsageRecordAggregated(PlainDTO, kw_only=True):
    """Use of one model over the whole time asked for; what the service leaves out is "" or 0."""

    _mends: ClassVar[bool] = False

    userid: str = ""
    """Whose use it is."""
    model: str = ""
    """Name of the model."""
    total_input_tokens: int = 0
    """Tokens of all prompts."""
    total_output_tokens: int = 0
    """Generated tokens."""
    total_tokens: int = 0
    """Both together."""
    total_generation_time: float = 0.0
    """Time that all generations took, in seconds."""


class UsageResponse(Answer, kw_only=True):
    """Answer of GET usage; a list that the service leaves out is empty."""

    _mends: ClassVar[bool] = False

    usage: list[UsageRecord] = field(default_factory=list[UsageRecord])
    """A record for each user, model and span of time."""
    overall: list[UsageRecordAggregated] = field(default_factory=list[UsageRecordAggregated])
    """A record for each user and model."""


USAGE_RESPONSE = Decoding(UsageResponse)
