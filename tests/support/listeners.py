"""Small servers in the test's own loop, for what the local server cannot be: another endpoint, TLS, a proxy."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

GONE = (OSError, EOFError)
"""What a peer that left makes of reading and writing."""


def answer(body=b'{"message": "pong", "status": "ok"}', status="200 OK", *headers):
    """The bytes of a whole JSON answer, after which the connection closes; pong unless told otherwise."""
    lines = [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def free_port():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Heard(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case, the key unmasked."""
    body: bytes = b""


async def heard(reader, *, reads_body=True):
    """Read one request, with its body or without."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *rest = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    body = await reader.readexactly(int(headers.get("content-length", 0))) if reads_body else b""
    return Heard(method, target, headers, body)


class Listener:
    """Answers every request with the same bytes, and closes."""

    def __init__(self, reply, reads_body):
        self.requests = []
        self.port = 0
        self._reply = reply
        self._reads_body = reads_body

    async def serve(self, reader, writer):
        with suppress(*GONE):
            self.requests.append(await heard(reader, reads_body=self._reads_body))
            writer.write(self._reply)
            await writer.drain()
            if not self._reads_body:
                await _swallow(reader, writer)
        writer.close()


async def _swallow(reader, writer):
    """Read on after an early answer, as gateways do: closing over unread bytes would reset it on its way."""
    writer.write_eof()
    while await reader.read(65536):
        pass


class Proxy:
    """Passes requests on, and tunnels of CONNECT; with a refusal it answers every one with that."""

    def __init__(self, refusal):
        self.requests = []
        self.port = 0
        self._refusal = refusal

    async def serve(self, reader, writer):
        with suppress(*GONE):
            request = await heard(reader)
            self.requests.append(request)
            if self._refusal:
                writer.write(self._refusal)
            else:
                await self._pass_on(request, reader, writer)
        writer.close()

    async def _pass_on(self, request, reader, writer):
        tunnel = request.method == "CONNECT"
        target = urlsplit(f"//{request.target}" if tunnel else request.target)
        behind_reader, behind_writer = await asyncio.open_connection(target.hostname, target.port)
        if tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            behind_writer.write(_in_bytes(request))
        await asyncio.gather(_pump(reader, behind_writer), _pump(behind_reader, writer))


def _in_bytes(request):
    lines = [f"{request.method} {request.target} HTTP/1.1", *map(": ".join, request.headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + request.body


async def _pump(reader, writer):
    with suppress(*GONE):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def listening(reply=None, *, tls=None, reads_body=True):
    """Run a listener; pong is its reply unless told otherwise."""
    async with _serving(Listener(reply or answer(), reads_body), tls) as listener:
        yield listener


@asynccontextmanager
async def proxying(refusal=None):
    """Run a proxy."""
    async with _serving(Proxy(refusal), None) as proxy:
        yield proxy


@asynccontextmanager
async def _serving(what, tls):
    """Serve, and leave no connection open: its transport would warn of itself once the loop is closed."""
    open_ones = {}

    async def serve(reader, writer):
        open_ones[asyncio.current_task()] = writer
        try:
            await what.serve(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    what.port = server.sockets[0].getsockname()[1]
    try:
        yield what
    finally:
        server.close()
        for writer in open_ones.values():
            writer.transport.abort()
        await asyncio.gather(*open_ones, return_exceptions=True)
