"""What is noted while a call runs, and read as a `CallInfo`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from imagine._redaction.redaction import Redaction
from imagine.calls import Attempt, CallInfo

__all__ = ["FIRST_ATTEMPT", "CallRecord", "request_id_of"]

FIRST_ATTEMPT = Attempt(1, 0.0, "")
NOTHING: Mapping[str, Any] = MappingProxyType({})
NO_SECRETS = Redaction()
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray")


class CallRecord(msgspec.Struct):
    """What is noted while a call runs; `info()` is a picture of it."""

    method: str
    path: str
    redaction: Redaction = NO_SECRETS
    started: float = msgspec.field(default_factory=time.monotonic)
    status: int | None = None
    headers: Mapping[str, str] = NOTHING
    attempts: list[Attempt] = []
    queued: float = 0.0
    first_event: float | None = None
    finished: float | None = None
    events: int = 0
    retry_after: float | None = None
    quota: Mapping[str, float] = NOTHING
    error: str | None = None

    def begin_attempt(self) -> None:
        """Forget the last attempt's answer."""
        self.status, self.headers, self.retry_after, self.quota = None, NOTHING, None, NOTHING

    def count(self, events: int) -> None:
        """Note the events of one read."""
        if self.first_event is None:
            self.first_event = time.monotonic() - self.started
        self.events += events

    def info(self) -> CallInfo:
        """Return the record as it stands, without secrets."""
        headers = self.redaction.headers(self.headers)
        return CallInfo(
            method=self.method,
            path=self.redaction.text(self.path),
            status=self.status,
            request_id=request_id_of(headers),
            headers=headers.copy(),  # type: ignore[attr-defined]  # a mapping of aiohttp's, which cannot be pickled
            attempts=tuple(self.attempts),
            seconds_queued=self.queued,
            seconds_to_first_event=self.first_event,
            seconds_total=(self.finished or time.monotonic()) - self.started,
            events=self.events,
            retry_after=self.retry_after,
            quota=dict(self.quota),
            error=self.error,
        )


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the service's id of a request from an answer's headers."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)
