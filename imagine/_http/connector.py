"""How a connection is made, and the trace that follows one sending of a request to it."""

from __future__ import annotations

import socket
from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any, Self

import aiohttp
import msgspec

from imagine._http.errors import FOREIGN, connection_error
from imagine._pacing.clock import Clock
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


__all__ = ["Connector", "SendTrace", "current_trace"]

KEEPALIVE_SECONDS = 15.0
"""An idle connection is dropped after this, before the gateways of the field drop it."""

# From here on glibc serves blocks of this size from memory it keeps; before, each of asyncio's 256 KiB read buffers is
# mapped and unmapped anew, which makes a network read twice as expensive (measured: 31 against 15 µs).
bytes(1024 * 1024)


class SendTrace(msgspec.Struct):
    """One sending of a request: follows it to its connection and maps what goes wrong."""

    clock: Clock | None
    """Until it is connected: the context that holds the trace may live as long as the connection."""
    part: str
    """The time limit that comes after that for the connection."""
    target: str
    fresh: bool = False
    """Whether a connection was made for it."""
    token: Token[SendTrace] | None = None

    def __enter__(self) -> Self:
        self.token = current_trace.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.token is not None:
            current_trace.reset(self.token)
        self.clock = self.token = None
        if isinstance(error, FOREIGN) and not isinstance(error, ImagineException):  # some of ours are OSError, too
            failure = self.failed(error)
            raise failure from failure.__cause__ or error

    def connecting(self) -> None:
        """Run the limit of the connection: one that was kept is there at once, and needs none."""
        if self.clock is not None:
            self.clock.start("connect")

    def connected(self) -> None:
        """Go from the limit of the connection to the next one."""
        if self.clock is not None:
            self.clock.start(self.part)
        self.clock = None

    def failed(self, error: BaseException) -> ImagineException:
        """Return our exception for one of aiohttp's."""
        return connection_error(error, self.target, reused=not self.fresh)

    async def middleware(
        self,
        request: aiohttp.ClientRequest,
        handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        """Send once, as a client middleware: aiohttp repeats a GET on its own after its errors, but not after ours."""
        try:
            return await handler(request)
        except ImagineException:
            raise
        except FOREIGN as error:
            raise self.failed(error) from error


current_trace: ContextVar[SendTrace] = ContextVar("imagine_send_trace")


class Connector(aiohttp.TCPConnector):
    """Connects, and tells the trace of the sending when it has; aiohttp's own tracing costs four times as much."""

    def __init__(self) -> None:
        # No limit: the client's slots bound it, fairly and over all loops.
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - aiohttp leaves a tuple in it untyped
            limit=0, keepalive_timeout=KEEPALIVE_SECONDS, socket_factory=_kept_alive_socket
        )

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a kept connection, or a new one where something came on it that no request had asked for."""
        trace = current_trace.get()
        connection = await super().connect(req, traces, timeout)
        while not trace.fresh and _is_used_up(connection):
            connection.close()
            connection = await super().connect(req, traces, timeout)
        trace.connected()
        return connection

    async def _create_connection(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> ResponseHandler:
        """Make a connection: aiohttp's documentation names this as what a connector overrides."""
        current_trace.get().connecting()
        return await super()._create_connection(req, traces, timeout)


def _is_used_up(connection: Connection) -> bool:
    """Tell whether a connection is at its end, or something came on it that was not asked for."""
    protocol = connection.protocol
    return protocol is None or protocol.should_close


def _kept_alive_socket(address: Sequence[Any]) -> socket.socket:
    """Make a socket with TCP keep-alive: a NAT forgets a connection that is silent for 120 to 350 s of generation."""
    current_trace.get().fresh = True
    made = socket.socket(*address[:3])  # family, type and protocol, as `getaddrinfo` returns them
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 5)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made
