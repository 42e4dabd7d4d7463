"""What has arrived: requests, and the connections they came in on."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec

from imagine.server.bodies import Form, Upload

if TYPE_CHECKING:
    import asyncio

    from aiohttp import web

__all__ = ["Connection", "Connections", "RecordedRequest", "record"]

_REFUSED_BYTES = 64 * 1024
_SECRET_HEADERS = ("Authorization", "Proxy-Authorization")


@dataclass(slots=True)
class Connection:
    """One TCP connection on which a request came in."""

    number: int
    """Counts the connections of a server, from 1."""
    peer: tuple[str, int]
    """Address and port of the client."""
    doomed: bool = False
    """Whether it closes on the next request, unanswered."""


class Connections:
    """Knows each connection for as long as it is open."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[asyncio.BaseTransport, Connection] = WeakKeyDictionary()
        self._numbers = itertools.count(1)

    def of(self, request: web.Request) -> Connection:
        """Return the connection that a request came in on."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("The client has gone")
        connection = self._known.get(transport)
        if connection is None:
            peer = transport.get_extra_info("peername")[:2]
            connection = self._known[transport] = Connection(next(self._numbers), peer)
        return connection


class RecordedRequest(msgspec.Struct, kw_only=True):
    """A request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names are case-insensitive; a key is replaced by `***`."""
    peer: tuple[str, int]
    """Address and port of the client."""
    connection: int
    """Number of the connection: requests with the same one came over the same socket."""
    request_id: str
    """The `X-Request-Id` of the answer."""
    fault: str | None = None
    """Name of the fault that was played."""
    time: float = msgspec.field(default_factory=time.time)
    """When it arrived, in seconds since 1970."""
    body: bytes = b""
    """The body; empty for uploads, where the request was answered before its body was read, and where one of more than
    64 KiB was refused."""
    form: Form = msgspec.field(default_factory=dict[str, str | Upload])
    """The fields of a multipart upload."""
    ignored: tuple[str, ...] = ()
    """Members of the body, or fields of the upload, that mean nothing here; `X-Imagine-Ignored` names them."""

    @property
    def json(self) -> object:
        """The body parsed; None if it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None

    def refused(self) -> None:
        """Keep a body that helps to see why, but not one that fills the memory."""
        if len(self.body) > _REFUSED_BYTES:
            self.body = b""


def record(request: web.Request, request_id: str, connection: Connection) -> RecordedRequest:
    """Record a request whose headers have arrived."""
    headers = request.headers.copy()
    for name in _SECRET_HEADERS:
        if name in headers:
            scheme, space, _ = headers[name].partition(" ")
            headers[name] = f"{scheme} ***" if space else "***"
    return RecordedRequest(
        method=request.method,
        path=request.path,
        query=dict(request.query) if request.query_string else {},
        headers=headers,
        peer=connection.peer,
        connection=connection.number,
        request_id=request_id,
    )
