"""Takes secrets out of all that is written: the keys wherever they stand, and what is named like a secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from imagine._redaction.redaction import Redaction
from imagine._redaction.sources import secrets_of_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Masking"]

_MASK = "***"
_NOT_ASKED = {
    *("accept-encoding", "connection", "content-length", "host", "keep-alive", "transfer-encoding", "user-agent"),
    *("traceparent", "tracestate", "proxy-authorization", "proxy-connection", "te", "trailer", "upgrade"),
}
"""Headers of a request that speak of the program and the connection, not of what is asked."""
_NOT_ANSWERED = {
    *("alt-svc", "connection", "content-encoding", "content-length", "date", "keep-alive", "server", "set-cookie"),
    *("transfer-encoding", "trailer", "upgrade", "via", "proxy-authenticate", "nel", "report-to", "cf-ray"),
}
"""Headers of an answer that the replay makes itself, or that change each time."""
_SECRET_MEMBER = re.compile(
    r'("(?:api_?-?key|access_?-?token|refresh_?-?token|client_?-?secret|authorization|password|secret)"\s*:\s*)'
    r'"(?:[^"\\]|\\.)*"',
    re.IGNORECASE,
)


_SHORTEST_LEARNED = 8
"""A shorter value of a header, like `true` or a colour, is no secret, and would garble what is written."""


class Masking:
    """What is taken out; it learns secrets from the headers of requests."""

    def __init__(self, secrets: Iterable[str], filters: Iterable[Callable[[str], str]]) -> None:
        self._redaction = Redaction(*secrets)
        self._filters = tuple(filters)

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take the values of headers that are named like secrets out of everything."""
        for secret in secrets_of_headers(headers):
            if len(secret) >= _SHORTEST_LEARNED:
                self._redaction.add(secret)

    def redacted(self, text: str) -> str:
        """Return a text without the secrets that are known."""
        return self._redaction.text(text)

    def text(self, text: str) -> str:
        """Return a text as it is written."""
        masked = _SECRET_MEMBER.sub(rf'\1"{_MASK}"', self.redacted(text))
        for change in self._filters:
            masked = change(masked)
        return masked

    def asked_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return those headers of a request that are written."""
        return self._headers(headers, _NOT_ASKED)

    def answered_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return those headers of an answer that are written."""
        return self._headers(headers, _NOT_ANSWERED)

    def path(self, path: str, query: str) -> str:
        """Return a path with its query, in the order of its names."""
        pairs = sorted(parse_qsl(query, keep_blank_values=True))
        shown = [(name, _MASK if _is_secret(name, value) else value) for name, value in pairs]
        return self.text(path + ("?" + urlencode(shown, safe="*") if shown else ""))

    def _headers(self, headers: Mapping[str, str], left_out: set[str]) -> dict[str, str]:
        kept = sorted((name, value) for name, value in headers.items() if name.lower() not in left_out)
        return {name: _MASK if _is_secret(name, value) else self._value(name, value) for name, value in kept}

    def _value(self, name: str, value: str) -> str:
        if name.lower() == "content-type" and value.startswith("multipart/"):
            return value.partition(";")[0]  # its boundary is another each time
        return self.text(value)


def _is_secret(name: str, value: str) -> bool:
    return any(True for _ in secrets_of_headers({name: value}))
