"""TLS contexts, built once per configuration: one costs 10 to 40 ms, too much for every client and for a loop."""

from __future__ import annotations

import functools
import os
import ssl

__all__ = ["tls_context"]


def tls_context(verify: object) -> ssl.SSLContext:
    """Return the context for a client's `verify=`; ValueError when a CA file or folder cannot be read."""
    if isinstance(verify, ssl.SSLContext):
        return verify
    if verify is False:
        return _unverified()
    if verify is True:
        # OpenSSL itself reads SSL_CERT_FILE and SSL_CERT_DIR in place of the system's roots.
        return _verified(
            os.environ.get("REQUESTS_CA_BUNDLE"), os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
        )
    return _trusting(os.fspath(verify))  # type: ignore[call-overload]  # checked with the options


@functools.cache
def _verified(bundle: str | None, _cert_file: str | None, _cert_dir: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if bundle:
        _load(context, bundle)
    return context


@functools.cache
def _trusting(path: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _load(context, path)
    return context


@functools.cache
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _load(context: ssl.SSLContext, path: str) -> None:
    try:
        if os.path.isdir(path):
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except OSError as error:
        raise ValueError(f"no CA certificates could be read from {path!r}: {error}") from error
