"""What is noted while a call runs, and read as a `CallInfo`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol, cast

import msgspec

from imagine._redaction.redaction import Redaction
from imagine.calls import Attempt, CallInfo, Outcome
from imagine.types.common import UsageInfo

__all__ = ["FIRST_ATTEMPT", "NOTHING", "CallRecord", "Received", "WholeAnswer", "member_of", "request_id_of", "text_in"]

FIRST_ATTEMPT = Attempt(1, 0.0, "")
NOTHING: Mapping[str, Any] = MappingProxyType({})
NO_SECRETS = Redaction()
_REQUEST_ID_HEADERS = ("x-request-id", "request-id", "x-correlation-id", "x-amzn-requestid", "cf-ray")


class Received(Protocol):
    """What has come of an answer so far: of a stream, its fold."""

    @property
    def usage(self) -> UsageInfo | None:
        """The usage that came last."""
        ...

    @property
    def choices_finished(self) -> int | None:
        """How many choices have a finish reason; None where there are no choices."""
        ...

    @property
    def finish_reasons(self) -> list[str | None] | None:
        """Why each choice stopped, None for one that has not; None where there are no choices."""
        ...


class WholeAnswer(msgspec.Struct):
    """An answer that came whole; it is looked into when its record is read."""

    answer: object

    @property
    def usage(self) -> UsageInfo | None:
        """Its usage, if its class is one of ours."""
        usage = member_of(self.answer, "usage")
        return usage if isinstance(usage, UsageInfo) else None

    @property
    def choices_finished(self) -> int | None:
        """How many of its choices have a finish reason; None where it has no choices."""
        reasons = self.finish_reasons
        return None if reasons is None else sum(map(bool, reasons))

    @property
    def finish_reasons(self) -> list[str | None] | None:
        """Why each of its choices stopped; None where it has no choices."""
        choices = member_of(self.answer, "choices")
        if not isinstance(choices, list):
            return None
        return [member_of(choice, "finish_reason") or None for choice in cast("list[object]", choices)]


class CallRecord(msgspec.Struct):
    """What is noted while a call runs; `info()` is a picture of it."""

    method: str
    path: str
    redaction: Redaction = NO_SECRETS
    model: str | None = None
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
    outcome: Outcome | None = None
    received: Received | None = None
    left: bool = False
    """Whether its user has closed it while it was being opened, which cancels the opening."""

    def begin_attempt(self) -> None:
        """Forget the last attempt's answer."""
        self.status, self.headers, self.retry_after, self.quota = None, NOTHING, None, NOTHING

    def count(self, events: int) -> None:
        """Note the events of one read."""
        if self.first_event is None:
            self.first_event = time.monotonic() - self.started
        self.events += events

    def info_of(self, answer: object) -> CallInfo:
        """Return the record of a whole answer, which it does not hold: the answer holds the record."""
        return msgspec.structs.replace(self, received=WholeAnswer(answer)).info()

    def info(self) -> CallInfo:
        """Return the record as it stands, without secrets."""
        headers = self.redaction.headers(self.headers)
        return CallInfo(
            method=self.method,
            path=self.redaction.text(self.path),
            model=self.redaction.text(self.model) if self.model else None,
            outcome=self.outcome,
            status=self.status,
            request_id=request_id_of(headers),
            headers=headers.copy(),  # type: ignore[attr-defined]  # a mapping of aiohttp's, which cannot be pickled
            attempts=tuple(self.attempts),
            seconds_queued=self.queued,
            seconds_to_first_event=self.first_event,
            seconds_total=(self.finished or time.monotonic()) - self.started,
            events=self.events,
            usage=self.received.usage if self.received else None,
            choices_finished=self.received.choices_finished if self.received else None,
            retry_after=self.retry_after,
            quota=dict(self.quota),
            error=self.error,
        )


def member_of(answer: object, name: str) -> Any:
    """Return a member of an answer; None where it has none, whatever a class of the user's does when it is asked."""
    try:
        return getattr(answer, name, None)
    except Exception:
        return None


def text_in(answer: object, name: str) -> str | None:
    """Return a text in an answer; None where there is none."""
    text = member_of(answer, name)
    return text if isinstance(text, str) else None


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Return the service's id of a request from an answer's headers."""
    return next((headers[name] for name in _REQUEST_ID_HEADERS if name in headers), None)
