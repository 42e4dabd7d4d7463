"""Requests made beforehand, over raw sockets: a client that costs next to nothing beside the server it asks."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from serving import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Asking(asyncio.Protocol):
    """A connection that sends one request again and again, each time once the answer has come whole."""

    def __init__(self, request: bytes, times: int) -> None:
        self._request = request
        self._left = times
        self._answer = b""
        self.begun = asyncio.get_running_loop().create_future()
        """Done when the first bytes of an answer have come."""
        self.done = asyncio.get_running_loop().create_future()
        """The last answer, head and all, once each has come; ConnectionError where one was none, or not whole."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Send the next request if this ends an answer."""
        self._answer += data
        if not self.begun.done():
            self.begun.set_result(None)
        if not _is_whole(self._answer):
            return
        self._left -= 1
        if not self._left or not self._answer.startswith(b"HTTP/1.1 200 "):
            self._transport.close()
            return
        self._answer = b""
        self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell how it ended."""
        ended = error or ConnectionError(f"{self._left} answers are missing; the last was {self._answer[:300]!r}")
        for future in (self.begun, self.done):
            if not future.done() and self._left:
                future.set_exception(ended)
        if not self._left:
            self.done.set_result(self._answer)


async def asked(endpoint: str, request: bytes, times: int = 1, connections: int = 1) -> Sequence[Asking]:
    """Send a request so many times over each of so many connections."""
    loop, url = asyncio.get_running_loop(), urlsplit(endpoint)
    made = [
        await loop.create_connection(lambda: Asking(request, times), url.hostname, url.port) for _ in range(connections)
    ]
    return [asking for _, asking in made]


def request(endpoint: str, path: str, body: object = None) -> bytes:
    """Make a request: a POST of JSON, or a GET where there is no body."""
    encoded = json.dumps(body).encode() if body else b""
    head = f"{'POST' if body else 'GET'} {urlsplit(endpoint).path}/{path} HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\nContent-Length: {len(encoded)}\r\n\r\n"
    return head.encode() + encoded


def json_of(answer: bytes) -> object:
    """Return what an answer says."""
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = _LENGTH.search(head)
    return bool(end) and (len(body) >= int(length[1]) if length else body.endswith(b"\r\n0\r\n\r\n"))
