"""One traced call: its span, and what the histograms get of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar, cast

from opentelemetry import context, propagate
from opentelemetry.trace import NonRecordingSpan, StatusCode, set_span_in_context

from imagine._record import WholeAnswer, text_in
from imagine.exceptions import ImagineAPIException
from imagine.otel import names
from imagine.otel.content import asked, told
from imagine.otel.harmless import harmless
from imagine.otel.requests import parameters_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence

    from opentelemetry.trace import Span

    from imagine._answers.folding import Fold
    from imagine._record import CallRecord
    from imagine._redaction.redaction import Redaction
    from imagine.otel.providers import Instruments

__all__ = ["CallSpan", "Facts"]

T = TypeVar("T")
Facts = dict[str, str | int]
"""What span and histograms have in common; nothing that has many values."""


class CallSpan:
    """A call under way."""

    def __init__(
        self, span: Span, facts: Facts, instruments: Instruments, began: float, capturing: Redaction | None
    ) -> None:
        self._span = span
        self._facts = facts
        self._instruments = instruments
        self._began = self._last = began
        self._capturing = capturing if span.is_recording() else None
        """What keeps secrets out of what was said; None where that is not captured."""
        self._first_chunk: float | None = None
        self._answer_id: str | None = None
        # Only its ids are current while it is sent: that context may live as long as the connection.
        self._context = set_span_in_context(NonRecordingSpan(span.get_span_context()))
        self.headers: dict[str, str] = {}
        propagate.inject(self.headers, self._context)

    async def sends(self, sending: Coroutine[Any, Any, T]) -> T:
        """Wait for the head of an answer, with the span as parent of what is traced meanwhile."""
        token = context.attach(self._context)
        try:
            return await sending
        finally:
            context.detach(token)

    @harmless()
    def describe_request(self, content: bytes | None) -> None:
        """Note what is asked; a span that is not sampled costs nothing more."""
        if not self._span.is_recording():
            return
        operation = self._facts[names.OPERATION_NAME]
        if operation == "generate_content":
            self._span.set_attribute(names.OUTPUT_TYPE, "image")
        if content is not None:
            self._span.set_attributes(parameters_of(content))
            if operation in names.CAPTURED and self._capturing:
                self._capture(asked(content), self._capturing)

    @harmless()
    def received(self, chunks: Sequence[object]) -> None:
        """Take the chunks of one read: the first took the time since the last read, the others none."""
        if not chunks:
            return
        now = time.monotonic()
        seconds, self._last = now - self._last, now
        if self._first_chunk is None:
            self._first_chunk = seconds
            self._note_answer(chunks[0])
            self._instruments.first_chunk.record(seconds, self._facts, self._context)
        else:
            self._instruments.per_chunk.record(seconds, self._facts, self._context)
        for _ in chunks[1:]:
            self._instruments.per_chunk.record(0.0, self._facts, self._context)

    def end(self, record: CallRecord, error: BaseException | None) -> None:
        """End the span; a call that was cancelled and a stream that was left are no errors."""
        if isinstance(record.received, WholeAnswer):
            self._note_answer(record.received.answer)
        if record.outcome == "failed":
            self._facts[names.ERROR_TYPE] = _type_of(error)
        if self._span.is_recording():
            self._describe(record)
        self._measure(record)
        with harmless():
            self._span.end()

    def _note_answer(self, answer: object) -> None:
        self._answer_id = text_in(answer, "id")
        if model := text_in(answer, "model"):
            self._facts[names.RESPONSE_MODEL] = model

    @harmless()
    def _describe(self, record: CallRecord) -> None:
        received, failed = record.received, names.ERROR_TYPE in self._facts
        if failed:
            self._span.set_status(StatusCode.ERROR)
        usage = received.usage if received else None
        reasons = (received.finish_reasons if received else None) or []
        ends = [str(reason or "error") for reason in reasons if reason or failed]
        resent = len(record.attempts) - 1
        facts = {
            names.RESPONSE_ID: self._answer_id or None,
            names.RESPONSE_MODEL: self._facts.get(names.RESPONSE_MODEL),
            names.FINISH_REASONS: ends or None,
            names.FIRST_CHUNK: self._first_chunk,
            names.INPUT_TOKENS: usage.prompt_tokens if usage else None,
            names.OUTPUT_TOKENS: usage.completion_tokens if usage else None,
            names.ERROR_TYPE: self._facts.get(names.ERROR_TYPE),
            names.RESEND_COUNT: resent if resent > 0 else None,
        }
        self._span.set_attributes({name: value for name, value in facts.items() if value is not None})
        if received is not None and self._capturing:
            self._capture(told(_answer_in(received), failed=failed), self._capturing)

    @harmless()
    def _measure(self, record: CallRecord) -> None:
        self._instruments.duration.record(time.monotonic() - self._began, self._facts, self._context)
        usage = record.received.usage if record.received else None
        if usage is None:
            return
        for kind, tokens in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            if tokens is not None:
                self._instruments.tokens.record(tokens, {**self._facts, names.TOKEN_TYPE: kind}, self._context)

    def _capture(self, said: Mapping[str, str], redaction: Redaction) -> None:
        for name, text in said.items():
            self._span.set_attribute(name, redaction.text(text))


def _answer_in(received: object) -> object:
    if isinstance(received, WholeAnswer):
        return received.answer
    return cast("Fold[Any, object]", received).snapshot()


def _type_of(error: BaseException | None) -> str:
    """Return the status of an error answer, else the error's class."""
    status = error.http_status if isinstance(error, ImagineAPIException) else None
    return str(status) if status and status >= 300 else type(error).__name__
