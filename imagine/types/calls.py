"""What one call was: `CallInfo` with its attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from imagine.types.common import UsageInfo

__all__ = ["Attempt", "CallInfo", "Outcome"]

Outcome: TypeAlias = Literal["complete", "left", "cancelled", "failed"]
"""How a call ended."""


class Attempt(msgspec.Struct, frozen=True):
    """One time a request was sent."""

    number: int
    """1 for the first."""
    wait: float
    """Seconds waited before it."""
    cause: str
    """Why the attempt before it failed; empty for the first."""


class CallInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The immutable record of one call: `stream.call`, `exception.call`, handed to `on_call=`."""

    method: str
    """Such as `POST`."""
    path: str
    """The route below the endpoint, such as `chat/completions`."""
    model: str | None = None
    """The model asked for; None where the request names none."""
    outcome: Outcome | None = None
    """How it ended; None while it runs.

    - complete: the answer is there, or the stream was read to its end.
    - left: the stream was closed or dropped before; what `choices_finished` counts had come whole.
    - cancelled: the task that waited for it was cancelled, or Ctrl-C pressed.
    - failed: it raised what `error` says.
    """
    status: int | None = None
    """Status of the last answer; None when there was none."""
    request_id: str | None = None
    """The service's id of the request (`x-request-id` and its kin)."""
    headers: Mapping[str, str] = {}
    """Headers of the last answer; names are case-insensitive."""
    attempts: tuple[Attempt, ...] = ()
    """Every time the request was sent."""
    seconds_queued: float = 0.0
    """Spent waiting for a slot, a quota or another request's 429."""
    seconds_to_first_event: float | None = None
    """From the start of the call to a stream's first event; None where there was none."""
    seconds_total: float = 0.0
    """From the start of the call to its end, or until now while it runs."""
    events: int = 0
    """Events of a stream so far."""
    usage: UsageInfo | None = None
    """Tokens, as the answer reports them, or the stream so far; None where they do not, and for `request()`."""
    choices_finished: int | None = None
    """How many choices of the answer, or of the stream so far, have a finish reason; None where it has no choices."""
    retry_after: float | None = None
    """Seconds the last answer asked to wait (RFC 9110 section 10.2.3); None where it did not."""
    quota: Mapping[str, float] = {}
    """What the last answer's headers reported about quotas, such as `remaining-requests`; empty where they did not."""
    error: str | None = None
    """Class and message of what failed or cancelled it; None for a call that did well, was left, or still runs."""
