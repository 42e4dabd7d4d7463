"""Asyncio alone: a protocol that only counts the events that pass. No stream can be read faster over its loop."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import msgspec

from benchmarks.wire import CHARACTERS_PER_EVENT, END

__all__ = ["close", "connect", "stream"]


class Counter(asyncio.Protocol):
    """Sends one request and counts the events of its answer."""

    def __init__(self, request: bytes, counted: asyncio.Future[int]) -> None:
        self._request = request
        self._counted = counted
        self._events = -1  # the last one is [DONE]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the request."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count the events of one read."""
        self._events += data.count(b"data: ")
        if data.endswith(END):
            self._counted.set_result(self._events)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail where the answer has not ended."""
        if not self._counted.done():
            self._counted.set_exception(exc or ConnectionError("closed before the end"))


def connect(endpoint: str, at_once: int) -> str:
    del at_once  # each stream has a connection of its own
    return endpoint


async def close(client: str) -> None:
    del client


async def stream(client: str, events: int) -> int:
    where = urlsplit(client)
    body = msgspec.json.encode({"max_tokens": events})
    head = f"POST {where.path}/chat/completions HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\n\r\n"
    loop = asyncio.get_running_loop()
    counted: asyncio.Future[int] = loop.create_future()
    host, port = where.netloc.split(":")
    transport, _ = await loop.create_connection(lambda: Counter(head.encode() + body, counted), host, int(port))
    try:
        return await counted * CHARACTERS_PER_EVENT
    finally:
        transport.close()
