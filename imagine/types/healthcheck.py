"""Whether the service answers, and whether its parts do."""

from __future__ import annotations

from typing import ClassVar

from imagine.types.answer import Answer
from imagine.types.decoding import Decoding

__all__ = ["HEALTH_RESPONSE", "PING_RESPONSE", "HealthResponse", "PingResponse"]


class PingResponse(Answer, kw_only=True):
    """Answer of GET ping; what the service leaves out is ""."""

    _mends: ClassVar[bool] = False

    message: str = ""
    """A word from the service: "pong"."""
    status: str = ""
    """How it is: "ok"."""


class HealthResponse(Answer, kw_only=True):
    """Answer of GET health; "ok" where a part works, "" where the service leaves it out."""

    _mends: ClassVar[bool] = False

    postgres: str = ""
    """Status of its database."""
    redis: str = ""
    """Status of its cache."""
    models: str = ""
    """Status of its models."""


PING_RESPONSE = Decoding(PingResponse)
HEALTH_RESPONSE = Decoding(HealthResponse)
