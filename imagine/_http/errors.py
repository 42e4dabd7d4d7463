"""Errors of the libraries underneath become ours here, in one table."""

from __future__ import annotations

import os
import socket
import ssl

import aiohttp
from aiohttp.http import HttpProcessingError
from aiohttp.http_exceptions import LineTooLong

from imagine._http.compression import EncodingError
from imagine.exceptions import ImagineConnectionException, ImagineException

__all__ = ["FOREIGN", "connection_error"]

FOREIGN = (aiohttp.ClientError, HttpProcessingError, OSError, RuntimeError, ValueError, EOFError)
"""What aiohttp lets out of sending and reading. RuntimeError: "Session is closed", "Connection closed."."""

_CA_HINT = "; pass verify='/path/to/ca.pem' (or set SSL_CERT_FILE) to trust a private CA"
_TOO_LARGE = "a status or header of more than 64 KiB, or with too many headers"
_OLD_TLS = "; TLS 1.2 or later is needed there"
_TEMPORARY_DNS = frozenset({socket.EAI_AGAIN})


def connection_error(error: BaseException, target: str, *, reused: bool = False) -> ImagineException:
    """Return our exception for a foreign one: what happened, with what host, what to do."""
    if isinstance(ours := error.__cause__, ImagineException):  # from the body on its way: a file that cannot be read
        failure = ImagineException(str(ours))
        failure.__cause__ = ours.__cause__
        return failure
    if _is_cut_handshake(error):
        return ImagineConnectionException(f"TLS with {target} failed: it was cut off in the handshake{_OLD_TLS}", "tls")
    if _is_about_size(error):
        return ImagineConnectionException(f"head too large: {target} answered with {_TOO_LARGE}", "lost")
    if isinstance(error, EncodingError):
        return ImagineConnectionException(f"the answer of {target} {error}", "lost")
    reason, text = _entry(error)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        reason = "dns_temporary" if getattr(error.os_error, "errno", None) in _TEMPORARY_DNS else "dns"
    if isinstance(error, aiohttp.ClientHttpProxyError):
        reason = "refused" if error.status in (502, 503, 504) else "proxy"
        return ImagineConnectionException(f"the proxy refused the connection to {target}: {error.status}", reason)
    if reason == "reset" and reused:
        reason, text = "pooled", "the service closed a kept connection to {target} under the request"
    return ImagineConnectionException(f"{text.format(target=target)}{_because(error, reason)}", reason)


def _is_cut_handshake(error: BaseException) -> bool:
    """Tell whether the other side has ended TLS before it stood: of asyncio's, that reset alone has no number."""
    cause: object = getattr(error, "os_error", None)
    return isinstance(cause, ConnectionResetError) and cause.errno is None


def _is_about_size(error: BaseException) -> bool:
    """Tell whether an answer's head was more than is read."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, LineTooLong):
        cause = cause.__cause__
    return cause is not None or "Too many headers" in str(error)


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
    words = shown.lower().replace("_", " ")
    if "wrong version number" in words:
        return "; is it http:// and not https:// there?"
    return _OLD_TLS if "protocol" in words else _CA_HINT


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
