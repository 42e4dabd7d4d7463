"""HTTP/1.1 written by hand, for answers that no well-behaved server would give."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web_request import BaseRequest

__all__ = ["LAST_CHUNK", "Sent", "Wire", "chunk", "head", "phrase"]

LAST_CHUNK = b"0\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def phrase(status: int) -> str:
    """Return the reason phrase of a status."""
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Write a status line and headers."""
    lines = [f"HTTP/1.1 {status} {phrase(status)}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def chunk(data: bytes) -> bytes:
    """Frame a part of a chunked body; no data makes no chunk, since an empty one would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data) if data else b""


class Wire:
    """The socket of one request; ConnectionResetError if the client has gone."""

    def __init__(self, request: web.Request) -> None:
        if request.transport is None:
            raise ConnectionResetError("The client has gone")
        self._transport = request.transport
        self.keep_alive = True
        """Whether the connection waits for another request once this one is answered."""

    def write(self, data: bytes) -> None:
        """Write bytes as they are; ConnectionResetError once the client has gone."""
        if self._transport.is_closing():
            raise ConnectionResetError("The client has gone")
        self._transport.write(data)

    def close(self) -> None:
        """Close the connection once everything is written."""
        self.keep_alive = False

    def abort(self) -> None:
        """Close the connection with a TCP reset, which drops what has not been sent yet."""
        self.keep_alive = False
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    async def hold(self) -> None:
        """Keep the connection open and silent until the client goes, which cancels the wait."""
        await asyncio.get_running_loop().create_future()


class Sent(web.StreamResponse):
    """Stands for an answer that has already been written to the wire."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._kept = keep_alive

    @property
    def keep_alive(self) -> bool:
        """Whether the connection waits for another request."""
        return self._kept

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write nothing."""

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing."""
