"""The server of the benchmarks: a process of its own that writes bytes rendered beforehand.

What it answers is the first part of the path, so that any client asks for it with its base URL:

    /answer/…           one chat answer
    /vectors-256-1024/… 256 embeddings of 1024 floats
    /taken-64/…         a stream, 64 events to an HTTP chunk; a chunk is written once the reader took the one before
    /taken-64-10/…      the same, each chunk 10 ms after that: a slow reader, too, has been through with it by then
    /burst-1/…          a stream, one event to an HTTP chunk, written as fast as the socket takes it
    /paced-20/…         a stream without end, 20 events a second, each stamped with the time it was written
    /idle/…             a stream that says nothing after its first event
    /big-5000000/…      a stream of one event with so many characters
    /swallow/…          reads an upload and answers as a transcription

A stream has as many events as the request's `max_tokens` says. The server stops when its standard input ends.
"""

from __future__ import annotations

import asyncio
import os
import re
import resource
import socket
import sys
import time
from itertools import islice
from typing import TYPE_CHECKING, cast

from benchmarks import wire
from benchmarks.peer import PeerQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["main"]

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
MAX_TOKENS = re.compile(rb'"max_tokens": *(\d+)')
SLAB = 256
"""HTTP chunks to a write where nothing is waited for."""
PATIENCE = 30.0
"""Seconds a reader may take for one write."""


class Request:
    """One request: its plan, and so much of its body as tells the number of events."""

    def __init__(self, head: bytes) -> None:
        target = head.split(b" ", 2)[1].decode()
        self.plan, *arguments = target.split("/")[1].split("-")
        self.arguments = [int(argument) for argument in arguments]
        length = LENGTH.search(head)
        self.missing = int(length[1]) if length else 0
        self._body = b""

    def take(self, data: bytes) -> None:
        """Take a part of the body."""
        self.missing -= len(data)
        if len(self._body) < 4096:
            self._body += data

    @property
    def events(self) -> int:
        """How many events the client asks for."""
        found = MAX_TOKENS.search(self._body)
        return int(found[1]) if found else 128


class Connection(asyncio.Protocol):
    """Requests of one client in, answers out."""

    def __init__(self) -> None:
        self._head = b""
        self._request: Request | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop what is being written."""
        del exc
        for running in (self._timer, self._writing):
            if running is not None:
                running.cancel()

    def pause_writing(self) -> None:
        """Wait with a burst."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on with a burst."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Answer once a request is complete; no client of the benchmarks sends the next one before."""
        if self._request is None:
            head, found, data = (self._head + data).partition(b"\r\n\r\n")
            self._head = b"" if found else head
            if not found:
                return
            self._request = Request(head)
        self._request.take(data)
        if self._request.missing <= 0:
            request, self._request = self._request, None
            PLANS[request.plan](self, request)

    def answer(self, request: Request) -> None:
        """Answer a chat."""
        del request
        self._transport.write(wire.CHAT)

    def vectors(self, request: Request) -> None:
        """Answer with embeddings."""
        self._transport.write(wire.vectors(*request.arguments))

    def swallow(self, request: Request) -> None:
        """Answer an upload."""
        del request
        self._transport.write(wire.TRANSCRIPTION)

    def idle(self, request: Request) -> None:
        """Start a stream and say no more."""
        del request
        self._transport.write(wire.first_event())

    def big(self, request: Request) -> None:
        """Write one large event."""
        self._transport.write(wire.big_event(*request.arguments))

    def burst(self, request: Request) -> None:
        """Write a stream as fast as the socket takes it."""
        self._writing = asyncio.ensure_future(self._burst(wire.stream_pieces(request.events, *request.arguments)))

    async def _burst(self, pieces: Iterator[bytes]) -> None:
        while slab := b"".join(islice(pieces, SLAB)):
            self._transport.write(slab)
            await self._writable.wait()

    def paced(self, request: Request) -> None:
        """Write stamped events at a steady pace until the client goes."""
        loop = asyncio.get_running_loop()
        period = 1 / request.arguments[0]
        due = loop.time()
        self._transport.write(wire.STREAM_HEAD)

        def write() -> None:
            nonlocal due
            due += period
            self._timer = loop.call_at(due, write)
            self._transport.write(wire.stamped_event(loop.time()))

        write()

    def taken(self, request: Request) -> None:
        """Write a stream piece by piece, each once the one before was read; nothing else is served meanwhile."""
        per_chunk, pause = (*request.arguments, 0)[:2]
        sink = socket.socket(fileno=os.dup(self._transport.get_extra_info("socket").fileno()))
        sink.settimeout(PATIENCE)
        queue = PeerQueue(sink)
        try:
            for piece in wire.stream_pieces(request.events, per_chunk):
                sink.sendall(piece)
                _wait_until_read(queue)
                time.sleep(pause / 1000)
        except OSError:
            self._transport.abort()  # the client left, or reads no more
        finally:
            queue.close()
            sink.close()


def _wait_until_read(queue: PeerQueue) -> None:
    # Spinning, on the core that the client leaves free: the next piece is there before the client looks for it.
    patient_until = time.monotonic() + PATIENCE
    while queue.unread():
        if time.monotonic() > patient_until:
            raise TimeoutError


PLANS: dict[str, Callable[[Connection, Request], None]] = {
    "answer": Connection.answer,
    "big": Connection.big,
    "burst": Connection.burst,
    "idle": Connection.idle,
    "paced": Connection.paced,
    "swallow": Connection.swallow,
    "taken": Connection.taken,
    "vectors": Connection.vectors,
}


async def serve() -> None:
    """Serve on a free loopback port, which is printed, until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    parent_left = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), parent_left.set)
    await parent_left.wait()


def main() -> None:
    """Serve with as many open files as are allowed."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(serve())


if __name__ == "__main__":
    main()
