"""Every error that `imagine` raises, on one screen.

::

    ImagineException                          nothing more specific applies (a closed client, a misused stream)
    ├── ImagineConnectionException            no connection, or it was lost: DNS, refused, TLS, proxy, reset
    │   └── ImagineTimeoutException           a time limit was hit; also a TimeoutError
    ├── ImagineDecodeException                an answer, or a value, that does not fit its class; also a ValueError
    │   └── ImagineParseException             no answer fits the type that was asked for; `answer` is the last one
    ├── ImagineStreamException                a stream that broke or was cut; `partial` holds what came
    │   └── ImagineStreamErrorException       the service put an error into the stream; also an ImagineAPIException
    ├── ImagineQuotaException                 a declared quota, or the wait it asks for, forbids the call
    ├── ImagineToolException                  a run with tools that cannot go on: out of turns, or a tool failed
    ├── ImagineExtraMissing                   a part of the SDK needs packages of an extra; also an ImportError
    └── ImagineAPIException                   the service answered with an error status
        ├── ImagineAPIStatusException         5xx, once its retries are used up
        ├── ImagineAPITooManyRequestsException  429
        ├── ImagineAPIAuthenticationException 401, and a 500 that says the key is wrong
        │   └── ImagineAPIPermissionException 403
        ├── ImagineAPINotFoundException       404
        ├── ImagineAPIBadRequestException     400, 413, 422
        └── ImagineAPIRedirectException       3xx that would lead elsewhere; the message names the Location

Bad arguments raise ValueError or TypeError before anything is sent. No error of a library underneath escapes: it is the
`__cause__`; where it shows a secret, its words are, masked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from imagine.calls import CallInfo
from imagine.types.common import UsageInfo

if TYPE_CHECKING:
    from imagine.types.chat_completions import ChatCompletionResponse
    from imagine.types.completions import CompletionResponse
else:  # for get_type_hints, their base: an error does not load the classes of all answers
    from imagine.types.answer import Answer as ChatCompletionResponse
    from imagine.types.answer import Answer as CompletionResponse

__all__ = [
    "ImagineAPIAuthenticationException",
    "ImagineAPIBadRequestException",
    "ImagineAPIException",
    "ImagineAPINotFoundException",
    "ImagineAPIPermissionException",
    "ImagineAPIRedirectException",
    "ImagineAPIStatusException",
    "ImagineAPITooManyRequestsException",
    "ImagineConnectionException",
    "ImagineDecodeException",
    "ImagineException",
    "ImagineExtraMissing",
    "ImagineParseException",
    "ImagineQuotaException",
    "ImagineStreamErrorException",
    "ImagineStreamException",
    "ImagineTimeoutException",
    "ImagineToolException",
]


class ImagineException(Exception):
    """Base of all errors of the SDK; raised itself when nothing more specific applies."""

    http_status: int | None = None
    """Status of the answer, None where there was none."""
    headers: Mapping[str, str] = {}
    """Headers of the answer (names are case-insensitive), empty where there was none."""
    call: CallInfo | None = None
    """Record of the call that failed; None for errors outside a call."""
    partial: object | None = None
    """What had come: of a broken stream, folded into the answer's class; else the last answer of a run with tools, or
    the answer before the one that failed, where `chat_parse` asks for several. None where nothing had."""
    messages: Sequence[Any] = ()
    """The conversation of a run with tools, as far as it is complete: another run can go on with it."""
    usage: UsageInfo | None = None
    """Tokens of all answers that came before, of a run with tools or of a typed answer, as far as they report them."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message or ""


class ImagineConnectionException(ImagineException):
    """No connection to the service could be made, or it was lost before the answer was complete."""

    reason: str = "lost"
    """What failed: dns, dns_temporary, refused, tls, proxy, url, reset, lost, timeout, or pooled: a kept connection was
    closed under the request."""

    def __init__(self, message: str | None = None, reason: str = "lost") -> None:
        super().__init__(message)
        self.reason = reason


class ImagineTimeoutException(ImagineConnectionException, TimeoutError):
    """A time limit was hit."""

    def __init__(self, message: str | None = None, limit: str = "deadline", seconds: float = 0.0) -> None:
        super().__init__(message, "timeout")
        self.limit = limit
        """Which one: connect, write, read, first_event, between_events, deadline or slot_timeout."""
        self.seconds = seconds
        """Its length in seconds."""


class ImagineDecodeException(ImagineException, ValueError):
    """An answer or a value does not fit its class; the message names the field and what was there."""


class ImagineParseException(ImagineDecodeException):
    """No answer of a model fits the type that was asked for; `partial` is what JSON the last one begins with."""

    answer: ChatCompletionResponse | CompletionResponse | None = None
    """The last answer."""
    cut: bool = False
    """Whether a limit of tokens ended it: `max_tokens`, or the service's own."""
    asked: int = 0
    """How many answers there were."""


class ImagineStreamException(ImagineException):
    """A stream broke, was cut, or was no stream; `partial` holds what was delivered before."""


class ImagineQuotaException(ImagineException):
    """A quota forbids the call now: `on_limit="raise"`, or its wait is longer than `retry_budget`."""

    def __init__(self, message: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds until the quota allows the call."""


class ImagineToolException(ImagineException):
    """A run with tools ended before the model answered in text; `partial` is its last answer."""

    def __init__(
        self,
        message: str | None = None,
        reason: Literal["max_turns", "tool", "closed", "budget"] = "max_turns",
        *,
        messages: Sequence[Any] = (),
        result: Any = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        """Why: it had all its turns, a tool failed and `tool_errors="raise"`, it was closed or cancelled, or what its
        tools returned is over the budget of its conversation."""
        self.messages = list(messages)
        self.result = result
        """The `ToolResult` of the tool that failed; None where none did."""
        self.results: Sequence[Any] = ()
        """Each `ToolResult` of the last answer's other calls, as far as they came: they are not in `messages`."""


class ImagineExtraMissing(ImagineException, ImportError):
    """A part of the SDK needs packages that are not installed; the message says what to install."""

    def __init__(self, extra: str) -> None:
        super().__init__(f"this part of imagine needs more packages: pip install 'imagine-aio[{extra}]'")
        self.extra = extra
        """Which one: such as otel."""

    def __reduce__(self) -> tuple[type[ImagineExtraMissing], tuple[str], dict[str, object]]:
        return type(self), (self.extra,), vars(self)


class ImagineAPIException(ImagineException):
    """The service answered with an error."""

    def __init__(
        self,
        message: str | None = None,
        http_status: int | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        body: object = None,
        request_id: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.headers = headers if headers is not None else {}
        self.body = body
        """The parsed JSON of the error, or its text, at most 64 KiB."""
        self.request_id = request_id
        """The service's id of the request, to quote in a report."""
        self.retry_after = retry_after if retry_after is not None else _asked_wait(self.headers)
        """Seconds the answer asked to wait (RFC 9110 section 10.2.3), as its headers say; None where they do not."""


def _asked_wait(headers: Mapping[str, str]) -> float | None:
    from imagine._headers import retry_after_of  # failures alone need it

    # Reversed, so that the first of several headers of one name counts, as it does in an answer.
    return retry_after_of({name.lower(): str(value) for name, value in reversed([*headers.items()])})


class ImagineAPIStatusException(ImagineAPIException):
    """The service failed (5xx) and its retries are used up."""


class ImagineAPITooManyRequestsException(ImagineAPIException):
    """The service limits the rate of requests (429); `retry_after` is the wait that it asks for."""


class ImagineAPIAuthenticationException(ImagineAPIException):
    """The service does not accept the key (401, or a 500 that says so)."""


class ImagineAPIPermissionException(ImagineAPIAuthenticationException):
    """The key may not do this (403)."""


class ImagineAPINotFoundException(ImagineAPIException):
    """No such route or model (404)."""


class ImagineAPIBadRequestException(ImagineAPIException):
    """The service refuses the request as it is (400, 413, 422); the message carries its field details."""


class ImagineAPIRedirectException(ImagineAPIException):
    """The service points elsewhere (3xx) where the SDK does not follow."""


class ImagineStreamErrorException(ImagineStreamException, ImagineAPIException):
    """The service reported an error inside a stream; its message and body are here."""


STATUS_CLASSES: Mapping[int, type[ImagineAPIException]] = {
    400: ImagineAPIBadRequestException,
    401: ImagineAPIAuthenticationException,
    403: ImagineAPIPermissionException,
    404: ImagineAPINotFoundException,
    413: ImagineAPIBadRequestException,
    422: ImagineAPIBadRequestException,
    429: ImagineAPITooManyRequestsException,
}


def class_of_status(status: int) -> type[ImagineAPIException]:
    """Tell which class an error status is raised as."""
    if 300 <= status < 400:
        return ImagineAPIRedirectException
    if status >= 500:
        return ImagineAPIStatusException
    return STATUS_CLASSES.get(status, ImagineAPIException)
