"""What one sending of a request goes through inside aiohttp: a connection, the errors of the way."""

from __future__ import annotations

import socket
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import aiohttp

from imagine._failures import FOREIGN, connection_error

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from imagine._body import Body
    from imagine._clock import Clock

__all__ = ["Connector", "Sending"]

KEEPALIVE_SECONDS = 15.0
"""An idle connection is dropped after this, before the gateways of the field drop it."""

# From here on glibc serves blocks of this size from memory it keeps; before, each of asyncio's 256 KiB read buffers is
# mapped and unmapped anew, which makes a network read twice as dear (measured: 31 against 15 µs).
bytes(1024 * 1024)


class Sending:
    """One sending of a request: follows it to its connection and maps what goes wrong."""

    def __init__(self, clock: Clock, body: Body | None, answer_part: str, target: str) -> None:
        self._clock = clock
        self._body = body
        self._answer_part = answer_part
        self._target = target
        self._reused = False

    def connected(self, *, reused: bool) -> None:
        """Go from the clock for the connection to the next one."""
        self._reused = reused
        if self._body is None:
            self._clock.start(self._answer_part)
        else:
            self._body.connected(self._clock, self._answer_part)

    async def once(
        self,
        request: aiohttp.ClientRequest,
        handler: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        """Send once, as a client middleware; aiohttp repeats a GET on its own after the errors of a kept connection."""
        token = _current.set(self)
        try:
            return await handler(request)
        except FOREIGN as error:
            raise connection_error(error, self._target, reused=self._reused) from error
        finally:
            _current.reset(token)


_current: ContextVar[Sending] = ContextVar("imagine_sending")


class Connector(aiohttp.TCPConnector):
    """Connects, and tells the sending when it has; aiohttp's tracing would do so at four times the price."""

    def __init__(self) -> None:
        # No limit: the client's slots bound it, fairly and over all loops.
        super().__init__(  # pyright: ignore[reportUnknownMemberType] - aiohttp leaves a tuple in it untyped
            limit=0, keepalive_timeout=KEEPALIVE_SECONDS, socket_factory=_kept_alive_socket
        )
        self._used: weakref.WeakSet[ResponseHandler] = weakref.WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """Return a kept connection or a new one."""
        connection = await super().connect(req, traces, timeout)
        protocol = connection.protocol
        reused = protocol in self._used
        if not reused and protocol is not None:
            self._used.add(protocol)
        _current.get().connected(reused=reused)
        return connection


def _kept_alive_socket(address: Sequence[Any]) -> socket.socket:
    """Make a socket with TCP keep-alive: a NAT forgets a connection that is silent for 120 to 350 s of generation."""
    made = socket.socket(*address[:3])  # family, type and protocol, as `getaddrinfo` returns them
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 30), ("TCP_KEEPCNT", 5)):
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made
