"""One request as a fault sees it, and its good answer, ready to be spoilt."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from imagine.server.events import DONE, OpenStreams, SSEResponse, sse
from imagine.server.faults.wire import LAST_CHUNK, Wire, chunk, head

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
    from typing import Self

    from imagine.server.recorder import Connection

    Payloads = AsyncIterator[bytes]

__all__ = ["Exchange", "Reply", "each", "without_done"]

_NO_CHANGES: Mapping[str, str] = {}


class Reply:
    """A good answer before it is sent: a stream of payloads, or a body, which is one payload.

    Its pieces are the events of a stream, or eighths of any other body. They go out as chunks.
    """

    def __init__(self, wire: Wire, status: int, headers: Mapping[str, str], payloads: Payloads, streamed: bool) -> None:
        self.status = status
        self.headers = headers
        self.streamed = streamed
        self.frame: Callable[[bytes], bytes] = sse
        """How a payload of a stream becomes an event."""
        self._wire = wire
        self._payloads = payloads
        self._pieces: AsyncIterator[bytes] | None = None

    @property
    def pieces(self) -> AsyncIterator[bytes]:
        """The pieces that have not been taken yet."""
        if self._pieces is None:
            self._pieces = self._cut()
        return self._pieces

    def through(self, change: Callable[[Payloads], Payloads]) -> Self:
        """Change the payloads; call it before the first piece is taken."""
        self._payloads = change(self._payloads)
        return self

    def head(self, changes: Mapping[str, str] = _NO_CHANGES) -> bytes:
        """Return the status line and the headers, some of them changed."""
        return head(self.status, {**self.headers, "Transfer-Encoding": "chunked", **changes})

    def begin(self, changes: Mapping[str, str] = _NO_CHANGES) -> None:
        """Send the status line and the headers, some of them changed."""
        self._wire.write(self.head(changes))

    async def begin_with(self, count: int) -> None:
        """Send the head and the first pieces, or all where there are fewer."""
        self.begin()
        for _ in range(count):
            self.write(await anext(self.pieces, b""))

    def write(self, data: bytes) -> None:
        """Send a part of the body."""
        self._wire.write(chunk(data))

    async def rest(self) -> None:
        """Send the remaining pieces, and the end of the body."""
        async for piece in self.pieces:
            self.write(piece)
        self.end()

    def end(self) -> None:
        """Send the end of the body."""
        self._wire.write(LAST_CHUNK)

    async def send(self) -> None:
        """Send it all."""
        self.begin()
        await self.rest()

    async def _cut(self) -> AsyncIterator[bytes]:
        async for payload in self._payloads:
            for piece in [self.frame(payload)] if self.streamed else _eighths(payload):
                yield piece


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A request, its socket, and the way to its good answer, which is made only when a fault asks for it."""

    request: web.Request
    wire: Wire
    headers: Mapping[str, str]
    """What every answer carries: the request id."""
    connection: Connection
    streams: OpenStreams
    """Counts the good answers that are streams."""
    answer: Callable[[], Awaitable[web.StreamResponse]]
    """Asks the handler."""
    cleanup: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def good(self) -> Reply:
        """Make the good answer; a refusal of the request is raised."""
        response = await self.answer()
        headers = {**response.headers, **self.headers}
        if isinstance(response, SSEResponse):
            self.cleanup.enter_context(self.streams.one_more())
            payloads = await self.cleanup.enter_async_context(aclosing(response.payloads))
            return Reply(self.wire, response.status, headers, payloads, streamed=True)
        return Reply(self.wire, response.status, headers, _only(_body(response)), streamed=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.cleanup.aclose()


def each(change: Callable[[bytes], bytes]) -> Callable[[Payloads], Payloads]:
    """Apply a change to every payload but the end mark."""

    async def changed(payloads: Payloads) -> Payloads:
        async for payload in payloads:
            yield payload if payload == DONE else change(payload)

    return changed


async def without_done(payloads: Payloads) -> Payloads:
    """Leave the end mark out."""
    async for payload in payloads:
        if payload != DONE:
            yield payload


def _eighths(body: bytes) -> list[bytes]:
    size = max(1, -(-len(body) // 8))
    return [body[at : at + size] for at in range(0, len(body), size)]


def _body(response: web.StreamResponse) -> bytes:
    body = response.body if isinstance(response, web.Response) else None
    return body if isinstance(body, bytes) else b""


async def _only(payload: bytes) -> AsyncGenerator[bytes, None]:
    yield payload
