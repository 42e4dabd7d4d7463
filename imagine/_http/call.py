"""One call on its way: what it is, what limits it, what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from contextvars import Context
from typing import TYPE_CHECKING, Any

import msgspec
from multidict import CIMultiDict
from yarl import URL

from imagine import _tracing
from imagine._http.bodies import Body, JSONBody
from imagine._http.log_line import log_end
from imagine._log import log
from imagine._options.client import Options, checked_headers
from imagine._pacing.clock import NO_DEADLINE, TimeLimit
from imagine._pacing.lanes import LaneKey
from imagine._pacing.retries import RetryPlan
from imagine._pacing.slots import NO_QUEUE, SlotQueue
from imagine._record import FIRST_ATTEMPT, NOTHING, CallRecord, WholeAnswer, member_of
from imagine._redaction.sources import secrets_of_headers
from imagine._tracing import CallTrace
from imagine.calls import Attempt, CallInfo, Outcome
from imagine.exceptions import ImagineException
from imagine.limits import Timeout, positive_seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagine._options.call import CallOptions
    from imagine._redaction.redaction import Redaction
    from imagine._tracing import Begin

__all__ = ["Call"]

LOGGED_BYTES = 10_000
"""How much of a body `debug` shows."""


class Call(msgspec.Struct, eq=False):
    """One call on its way: its record, its limits, the retries left to it; and what it waits with for a slot."""

    method: str
    path: str
    url: URL
    params: Mapping[str, list[str]]
    body: Body | None
    accept: str
    answer_part: str
    """The part of the timeout that waits for the answer."""
    options: Options
    slots: SlotQueue
    timeout: Timeout
    retries: int
    record: CallRecord
    lane: LaneKey
    """The route and model whose answers set its pace."""
    deadline: TimeLimit = NO_DEADLINE
    headers: Mapping[str, str] = NOTHING
    """Those given to this call alone."""
    plan: RetryPlan | None = None
    """Made after the first failure."""
    paused: float = 0.0
    """Seconds waited before the attempt under way."""
    key: str | None = None
    """The last one that a function of the user's gave."""
    has_new_key: bool = False
    """Whether it was asked for once more, after a 401."""
    context: Context | None = None
    """Where a stream was made, if somebody wants to be told of it: it may be read, and end, anywhere."""
    trace: CallTrace | None = None
    """What follows it, from when it is first sent to its end, where somebody traces."""

    def __repr__(self) -> str:
        return f"Call({self.doing})"  # no body and no headers, which tracebacks with local variables would show

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more to those who ask as `rich` does."""
        return [("doing", self.doing)]

    def apply(self, overrides: CallOptions) -> None:
        """Take the options of this call alone; ValueError or TypeError for one that cannot be used."""
        if (timeout := overrides.get("timeout")) is not None:
            self.timeout = Timeout.of(timeout)
        if (deadline := overrides.get("deadline")) is not None:
            self.deadline = TimeLimit.starting("deadline", positive_seconds("deadline", deadline))
        if (retries := overrides.get("max_retries")) is not None:
            self.retries = retries
        if extra := overrides.get("extra_headers"):
            self.headers = checked_headers("extra_headers", extra)
            self.record.redaction = self.redaction.also(secrets_of_headers(self.headers))

    @property
    def doing(self) -> str:
        """The call in words, for messages: `POST chat/completions`."""
        return f"{self.method} {self.path}"

    @property
    def redaction(self) -> Redaction:
        """What keeps its secrets out of what is shown."""
        return self.record.redaction

    @property
    def since(self) -> float:
        """When it began."""
        return self.record.started

    @property
    def model(self) -> str | None:
        """The model that it asks; None where its route has none."""
        return self.lane.model

    @property
    def is_throttled(self) -> bool:
        """Whether it waits while its lane is closed; without retries it goes at once, and may be the probe."""
        return self.retries > 0

    @property
    def tokens(self) -> int:
        """What it is estimated to cost."""
        return self.body.estimated_tokens if self.body else 0

    @property
    def longest_wait(self) -> float:
        """Seconds it may wait for the service's pace or a declared quota."""
        return self.options.retry_budget

    @property
    def waits(self) -> bool:
        """Whether it waits for a quota at all, or fails at once."""
        return self.options.on_limit == "wait"

    @property
    def waits_in_lane(self) -> bool:
        """Whether it waits for its next attempt in its lane, which a 429 has closed: there it keeps its place."""
        told_pace = self.plan is not None and self.plan.is_told_pace
        return told_pace and self.waits and self.slots is not NO_QUEUE

    def note_wait(self, seconds: float) -> None:
        """Note what it waited for its turn, to whatever end."""
        if self.waits_in_lane:
            self.paused = seconds
        else:
            self.record.queued += seconds

    def begin_attempt(self) -> None:
        """Note that the request is sent once more."""
        attempts = self.record.attempts
        if self.plan is None:
            attempts.append(FIRST_ATTEMPT)
            if (begin := _tracing.begin) is not None:
                self._begin_trace(begin)
        else:
            self.record.begin_attempt()
            attempts.append(Attempt(len(attempts) + 1, self.paused, str(self.plan.failure)))

    def begin_again(self, why: str) -> None:
        """Note that the request is sent once more within an attempt."""
        self.record.begin_attempt()
        self.record.attempts.append(Attempt(len(self.record.attempts) + 1, 0.0, why))

    def _begin_trace(self, begin: Begin) -> None:
        content = self.body.content if isinstance(self.body, JSONBody) else None
        facts = self.record, self.url.host or "", self.url.port, content
        self.trace = trace = begin(*facts) if self.context is None else self.context.run(begin, *facts)
        if trace is not None and trace.headers:
            headers = CIMultiDict(trace.headers)
            headers.update(self.headers)  # those of the call's user come first
            self.headers = headers

    def gives_up_after(self, error: BaseException) -> bool:
        """Tell whether its first attempt was its last."""
        if isinstance(error, ImagineException) and self._allows_again(error):
            self.redaction.clean(error)
            return False
        self.record_failure(error)
        return True

    def _allows_again(self, error: ImagineException) -> bool:
        options = self.options
        self.plan = RetryPlan(self.retries, options.retry_budget, on_timeout=options.retry_on_timeout)
        resendable = self.body is None or self.body.replayable
        return resendable and self.plan.allows(error, 0)

    def charge_tokens(self, usage: object, text: str) -> None:
        """Charge the token quotas with the usage an answer reports; where it does not, four characters are a token."""
        total = member_of(usage, "total_tokens")  # in a class of the user's, a usage may be anything
        told = total if isinstance(total, int) else 0
        self.slots.charge_tokens(self, (told or self.tokens + len(text) // 4) - self.tokens)

    def finish(self, outcome: Outcome, error: BaseException | None = None, answer: object = None) -> None:
        """Close the record, once, and tell whoever wants to know; with the answer, if one came whole."""
        if error is not None:
            self.redaction.clean(error)  # one that cancels may be the cause of another, such as a TimeoutError
        if self.record.finished is not None:
            return
        self.record.finished, self.record.outcome = time.monotonic(), outcome
        if error is not None:
            self._note(error)
        if self.trace is not None or self.options.on_call is not None or log.isEnabledFor(logging.INFO):
            self._tell(error, answer)

    def _tell(self, error: BaseException | None, answer: object) -> None:
        if answer is not None:
            self.record.received = WholeAnswer(answer)
        if self.trace is not None:
            self._end_trace(self.trace, error)
        if log.isEnabledFor(logging.INFO):
            log_end(self._shown(), self.record.info())
        if self.options.on_call is not None:
            self._hand_over(self.options.on_call)
        if answer is not None:
            self.record.received = None  # the answer will know its record

    def _end_trace(self, trace: CallTrace, error: BaseException | None) -> None:
        self.trace = None
        if self.options.on_call is None:
            self.context = None
        trace.end(self.record, error)

    def record_failure(self, error: BaseException) -> None:
        """Close the record of a call that has failed, or that its user or its task has given up."""
        if not self.record.attempts and self.record.finished is None and (begin := _tracing.begin):  # it was never sent
            self._begin_trace(begin)
        if isinstance(error, Exception):
            self.finish("failed", error)
        elif self.record.left:
            self.finish("left")
        else:
            self.finish("cancelled", error)

    def _note(self, error: BaseException) -> None:
        why = error if isinstance(error, Exception) else "the call was cancelled"
        self.record.error = self.redaction.text(f"{type(error).__name__}: {why}")
        if isinstance(error, ImagineException):
            error.call = self.record.info()
            error.http_status, error.headers = error.call.status, error.call.headers

    def log_body(self, what: str, content: bytes | bytearray) -> None:
        """Log a body, without secrets."""
        if log.isEnabledFor(logging.DEBUG):
            shown = self.redaction.excerpt(content, LOGGED_BYTES)
            log.debug("%s: %s of %d bytes: %s", self._shown(), what, len(content), shown)

    def _hand_over(self, on_call: Callable[[CallInfo], object]) -> None:
        context, self.context = self.context, None
        try:
            info = self.record.info()
            on_call(info) if context is None else context.run(on_call, info)
        except Exception:  # a user's callback must not turn a good answer into a failure
            log.exception("on_call= failed for %s", self._shown())

    def _shown(self) -> str:
        return self.redaction.text(self.doing)
