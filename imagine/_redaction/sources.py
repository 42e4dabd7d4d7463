"""Where secrets are besides the key: in a proxy's URL, in a signed one, and in headers that are named like one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["secrets_of_headers", "secrets_of_proxy", "secrets_of_query"]

_SECRET_NAME = re.compile(
    r"(auth|authorization|cookie|credentials?|key|passw(or)?d|session|sig|signature|token)$|secret", re.IGNORECASE
)


def secrets_of_proxy(url: str) -> Iterator[str]:
    """Yield what a proxy's URL has before its host, as it is written there and as it is meant."""
    written = urlsplit(url).netloc.rpartition("@")[0]
    yield from _of_login(written)
    user, _, password = written.partition(":")
    yield from _of_login(f"{unquote(user)}:{unquote(password)}")


def secrets_of_headers(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the values of headers named like secrets, and what is secret within them."""
    for name, value in headers.items():
        if _SECRET_NAME.search(name):
            yield value
            scheme, _, token = value.partition(" ")
            yield token
            if "cookie" in name.lower():
                yield from re.findall(r"=\s*([^;]+)", value)
            elif scheme.lower() == "basic":
                yield from _of_login(_from_base64(token))


def secrets_of_query(query: str) -> Iterator[str]:
    """Yield the values of parameters named like secrets, and a query that is one as a whole."""
    pairs = parse_qsl(query)
    yield from (value for name, value in pairs if _SECRET_NAME.search(name))
    if query and not pairs:
        yield query


def _of_login(login: str) -> Iterator[str]:
    """Yield a login of the form `user:password`, and its password; without one, the user is a token."""
    user, _, password = login.partition(":")
    yield login
    yield password or user


def _from_base64(token: str) -> str:
    import base64  # few calls have such a header

    try:
        return base64.b64decode(token).decode("utf-8", "replace")
    except ValueError:
        return ""
