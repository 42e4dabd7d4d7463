"""What one call was: `CallInfo` with its attempts, and `RawResponse`, the answer as it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from imagine.types.calls import Attempt, CallInfo, Outcome
from imagine.types.decoding import Decoding

__all__ = ["Attempt", "CallInfo", "Outcome", "RawResponse"]


class RawResponse(msgspec.Struct, frozen=True):
    """An answer as it came, returned by `request()`."""

    status: int
    """Such as 200."""
    headers: Mapping[str, str]
    """Names are case-insensitive."""
    content: bytes
    """The body, decompressed."""
    call: CallInfo
    """The record of the call."""

    def json(self) -> Any:
        """Return the body parsed; ImagineDecodeException where it is not JSON."""
        return Decoding(object).decode(self.content)
