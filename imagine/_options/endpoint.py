"""The endpoint as it is sent: its host in ASCII, its path quoted; one that could be misread is refused."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, unquote, urlsplit

__all__ = ["checked_endpoint"]

_NAME = re.compile(r"(?!.{254})([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?")
"""A host as DNS has it (RFC 1035 section 2.3.4); underscores are in the names of containers."""
_KEPT = "/%:@!$&'()*+,;=~"
"""What stays as it is in a path (RFC 3986 section 3.3); what is quoted already is not quoted again."""
_LONE_PERCENT = r"%(?![0-9A-Fa-f]{2})"


def checked_endpoint(value: str) -> str:
    """Return an endpoint in its one form; ValueError, which does not repeat it, for one that cannot be used."""
    parts = _parts(value)
    if parts is None:
        raise ValueError("endpoint must be an http:// or https:// URL with a host, such as https://host/apis/v2")
    if "@" in parts.netloc:
        raise ValueError("endpoint must not carry a user or password; the key goes into api_key")
    if "?" in value or "#" in value:
        raise ValueError("endpoint must not carry a query or a fragment")
    if any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        raise ValueError("endpoint must not have . or .. in its path")
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{_host(parts)}{port}{_quoted(parts.path)}".rstrip("/")


def _parts(value: str) -> SplitResult | None:
    """Return the parts of an http URL, its scheme in lower case; None for anything else."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or half an IPv6 address
        return None
    return parts if usable and value.isprintable() and " " not in value else None


def _quoted(path: str) -> str:
    meant = re.sub(_LONE_PERCENT, "%25", path) if "%" in path else path
    return quote(meant, safe=_KEPT)


def _host(parts: SplitResult) -> str:
    """Return a host as DNS and HTTP have it: a name beyond ASCII by IDNA, an address of version 6 in brackets."""
    host = parts.hostname or ""
    if ":" in host:
        return f"[{host}]"
    name = host if host.isascii() and "xn--" not in host else _by_idna(host)
    if not _NAME.fullmatch(name):
        raise ValueError("endpoint has a host that is no name: letters, digits, hyphens and dots between them")
    return name


def _by_idna(host: str) -> str:
    from yarl import URL  # few hosts need it, and it is not free to import

    try:
        url = URL.build(scheme="http", host=host)
        return (url.raw_host or "") if url.host else ""
    except ValueError:  # a label that is too long, or has what no name may have, or stands for nothing
        return ""
