"""Foreign errors become ours here, in one table, and error answers become exceptions."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
from typing import TYPE_CHECKING, Any, cast

import aiohttp
from aiohttp.http import HttpProcessingError

from imagine._call import request_id_of
from imagine._ratelimit import demanded_wait
from imagine.exceptions import (
    ImagineAPIAuthenticationException,
    ImagineAPIException,
    ImagineAPIRedirectException,
    ImagineConnectionException,
    ImagineException,
    ImagineStreamErrorException,
    class_of_status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagine._call import CallRecord
    from imagine._redaction import Redaction

__all__ = [
    "FOREIGN",
    "api_error",
    "carries_error",
    "connection_error",
    "detail_of",
    "stream_error",
]

Json = dict[str, Any] | list[Any] | str | float | bool | None

FOREIGN = (aiohttp.ClientError, HttpProcessingError, OSError, RuntimeError, ValueError, EOFError)
"""What aiohttp lets out of sending and reading. RuntimeError: "Session is closed", "Connection closed."."""

_DETAIL_NAMES = ("message", "detail", "error", "error_description", "title")
_WRONG_KEY = re.compile(r"invalid api[ _-]?key|no user found|incorrect api key", re.IGNORECASE)
_CA_HINT = "; pass verify='/path/to/ca.pem' (or set SSL_CERT_FILE) to trust a private CA"
_TEMPORARY_DNS = frozenset({socket.EAI_AGAIN})


def connection_error(error: BaseException, target: str, *, reused: bool = False) -> ImagineException:
    """Return our exception for a foreign one: what happened, with what host, what to do."""
    if isinstance(error.__cause__, ImagineException):  # ours, from the body on its way: a file that cannot be read
        return ImagineException(str(error.__cause__))
    reason, text = _entry(error)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        reason = "dns_temporary" if getattr(error.os_error, "errno", None) in _TEMPORARY_DNS else "dns"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        reason = "refused" if error.status in (502, 503, 504) else "proxy"
        return ImagineConnectionException(f"the proxy refused the connection to {target}: {error.status}", reason)
    if reason == "reset" and reused:
        reason, text = "pooled", "the service closed a kept connection to {target} under the request"
    return ImagineConnectionException(f"{text.format(target=target)}{_because(error, reason)}", reason)


def _entry(error: BaseException) -> tuple[str, str]:
    for kind, reason, text in _TABLE:
        if isinstance(error, kind):
            return reason, text
    return "lost", "the connection to {target} failed"


def _because(error: BaseException, reason: str) -> str:
    inner: object = getattr(error, "certificate_error", None) or getattr(error, "os_error", None)
    cause = inner or (error if not isinstance(error, aiohttp.ServerDisconnectedError) else None)
    shown = getattr(cause, "verify_message", None) or getattr(cause, "strerror", None) or (str(cause) if cause else "")
    if isinstance(cause, ConnectionError) and cause.errno:  # asyncio's own words are "Connect call failed"
        shown = os.strerror(cause.errno)
    return (f": {shown}" if shown else "") + (_tls_hint(shown) if reason == "tls" else "")


def _tls_hint(shown: str) -> str:
    """Return what to do: most often there is a private CA, sometimes no TLS at all."""
    no_tls = "wrong version number" in shown.lower().replace("_", " ")
    return "; is it http:// and not https:// there?" if no_tls else _CA_HINT


_TABLE: tuple[tuple[type[BaseException], str, str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "tls", "the certificate of {target} is not trusted"),
    (aiohttp.ClientConnectorSSLError, "tls", "TLS with {target} failed"),
    (aiohttp.ServerFingerprintMismatch, "tls", "the certificate of {target} has another fingerprint"),
    (aiohttp.ClientConnectorDNSError, "dns", "the name of {target} could not be resolved"),
    (aiohttp.ClientProxyConnectionError, "refused", "no connection to the proxy for {target}"),
    (aiohttp.ClientHttpProxyError, "proxy", ""),
    (aiohttp.ClientConnectorError, "refused", "no connection to {target}"),
    (aiohttp.InvalidURL, "url", "{target} is no usable URL"),
    (aiohttp.ClientPayloadError, "lost", "the answer of {target} was cut short"),
    (aiohttp.ServerDisconnectedError, "reset", "{target} closed the connection without an answer"),
    (aiohttp.ClientOSError, "reset", "the connection to {target} was reset"),
    (aiohttp.ClientConnectionResetError, "reset", "the connection to {target} was reset"),
    (aiohttp.ClientResponseError, "lost", "{target} answered with something that is not HTTP"),
    (HttpProcessingError, "lost", "{target} answered with something that is not HTTP"),
    (ssl.SSLError, "tls", "TLS with {target} failed"),
    (OSError, "reset", "the connection to {target} failed"),
)


def api_error(
    status: int, headers: Mapping[str, str], body: bytes, *, doing: str, redaction: Redaction
) -> ImagineAPIException:
    """Return the exception for an error answer; its message carries the service's own words and the request id."""
    parsed = _parsed(body, redaction)
    detail = detail_of(parsed) or _excerpt(parsed, headers)
    request_id = request_id_of(headers)
    kind = class_of_status(status)
    if status == 500 and _WRONG_KEY.search(detail):
        kind = ImagineAPIAuthenticationException
    if kind is ImagineAPIRedirectException:
        detail = (
            f"it points to {headers.get('Location') or 'nowhere'}, where the SDK does not follow; check the endpoint"
        )
    message = f"{status} from {doing}" + (f": {detail}" if detail else "")
    error = kind(
        redaction.text(message) + (f" (request id {request_id})" if request_id else ""),
        status,
        headers,
        body=parsed,
        request_id=request_id,
    )
    if status in (429, 503):
        error.retry_after = demanded_wait(headers)  # type: ignore[attr-defined]  # declared on the 429 class, told on 503s too
    return error


def stream_error(
    payload: bytes, record: CallRecord, *, doing: str, redaction: Redaction
) -> ImagineStreamErrorException:
    """Return the exception for an error event; it has no status, the answer's was a good one."""
    parsed = _parsed(payload, redaction)
    detail = detail_of(parsed) or _excerpt(parsed, {})
    return ImagineStreamErrorException(
        f"the service reported an error in the stream of {doing}: {detail}",
        headers=record.headers,
        body=parsed,
        request_id=request_id_of(record.headers),
    )


def carries_error(payload: bytes) -> bool:
    """Tell whether a payload is an error in place of a chunk."""
    try:
        parsed: Json = json.loads(payload)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict) and bool(parsed.get("error")) and not parsed.get("choices")


def detail_of(body: Json) -> str:
    """Return the service's message out of an error body in any of its usual shapes; empty when there is none."""
    while isinstance(body, dict):  # no recursion: a body may be nested deeper than calls may be
        body = next((body[name] for name in _DETAIL_NAMES if body.get(name)), None)
        if isinstance(body, str):
            return body
    return "; ".join(filter(None, map(_field_detail, body))) if isinstance(body, list) else ""


def _field_detail(item: Json) -> str:
    """Return one entry of a 422's list as `body.messages: field required`."""
    if not isinstance(item, dict):
        return str(item)
    where = item.get("loc")
    path = ".".join(map(str, cast("list[Json]", where))) if isinstance(where, list) else ""
    text = str(item.get("msg") or item.get("message") or "")
    return f"{path}: {text}" if path else text


def _parsed(body: bytes, redaction: Redaction) -> Json:
    text = body.decode("utf-8", "replace")
    try:
        # Written anew before the key is masked: services escape its characters in ways of their own.
        parsed: Json = json.loads(redaction.text(json.dumps(json.loads(text))))
    except (ValueError, RecursionError):
        return redaction.text(text)
    return parsed


def _excerpt(body: Json, headers: Mapping[str, str]) -> str:
    """Return the start of an error body that has no message, such as a gateway's HTML page, on one line."""
    text = body if isinstance(body, str) else json.dumps(body)
    if "html" in headers.get("Content-Type", ""):
        text = re.sub(r"<[^>]*>", " ", text)
    return " ".join(text.split())[:200]
