"""What one call was: `CallInfo` for users, `CallRecord` that it is read from while the call runs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from imagine.types.decoding import Decoding

__all__ = ["FIRST_ATTEMPT", "Attempt", "CallInfo", "CallRecord", "RawResponse", "request_id_of"]

NOTHING: Mapping[str, Any] = MappingProxyType({})
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray")


class Attempt(msgspec.Struct, frozen=True):
    """One time a request was sent."""

    number: int
    """1 for the first."""
    wait: float
    """Seconds waited before it."""
    cause: str
    """Why the attempt before it failed; empty for the first."""


FIRST_ATTEMPT = Attempt(1, 0.0, "")


class CallInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The immutable record of one call: `stream.call`, `exception.call`, handed to `on_call=`."""

    method: str
    path: str
    """The route below the endpoint, such as `chat/completions`."""
    status: int | None = None
    """Status of the last answer; None when there was none."""
    request_id: str | None = None
    """The service's id of the request (`x-request-id` and its kin)."""
    headers: Mapping[str, str] = {}
    """Headers of the last answer; names in any case."""
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
    retry_after: float | None = None
    """Seconds the last answer asked to wait; None where it did not."""
    quota: Mapping[str, float] = {}
    """What the last answer's headers told about quotas, such as `remaining-requests`; empty where they did not."""
    error: str | None = None
    """The failure's class and message; None for a good call or one that still runs."""


class RawResponse(msgspec.Struct, frozen=True):
    """An answer as it came, returned by `request()`."""

    status: int
    headers: Mapping[str, str]
    """Names in any case."""
    content: bytes
    """The body, decompressed."""
    call: CallInfo

    def json(self) -> Any:
        """Return the body parsed; ImagineDecodeException where it is no JSON."""
        return Decoding(object).decode(self.content)


class CallRecord(msgspec.Struct):
    """What is noted while a call runs; `info()` is a picture of it."""

    method: str
    path: str
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
        """Return the record as it stands."""
        return CallInfo(
            method=self.method,
            path=self.path,
            status=self.status,
            request_id=request_id_of(self.headers),
            headers=self.headers.copy(),  # type: ignore[attr-defined]  # a mapping of aiohttp's, which cannot be pickled
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
