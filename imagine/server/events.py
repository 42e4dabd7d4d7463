"""Streams of server-sent events, as aiohttp responses."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing, contextmanager
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

__all__ = ["DONE", "OpenStreams", "Pacing", "SSEResponse", "has_gone", "sse"]

DONE = b"[DONE]"

_FAILED = b'{"error":{"message":"Internal server error","type":"server_error","code":500}}'
_log = logging.getLogger("imagine.server")


def sse(payload: bytes) -> bytes:
    """Frame a payload as one event."""
    return b"data: " + payload.replace(b"\n", b"\ndata: ") + b"\n\n"


def has_gone(request: web.Request) -> bool:
    """Tell whether the client of a request has closed its connection."""
    return request.transport is None or request.transport.is_closing()


class SSEResponse(web.StreamResponse):
    """An answer that is sent event by event; until `send` it is only a plan, which a fault may still change."""

    def __init__(self, payloads: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        self.payloads = payloads

    async def send(self, request: web.Request) -> None:
        """Send all events; leaving early, as when the client has gone, also closes the source of the payloads."""
        async with aclosing(self.payloads):
            await self.prepare(request)
            try:
                async for payload in self.payloads:
                    await self.write(sse(payload))
            except Exception:
                if has_gone(request):
                    raise
                _log.exception("%s %s failed while streaming", request.method, request.path)
                await self.write(sse(_FAILED))  # the status has already been sent: an event is all that is left
            await self.write_eof()


class OpenStreams:
    """Counts the streams that are being sent."""

    def __init__(self) -> None:
        self.count = 0

    @contextmanager
    def one_more(self) -> Generator[None]:
        """Count a stream for as long as the context lasts."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1


class Pacing:
    """Spreads the items of a stream evenly over time; None sends them at once, with other tasks in between."""

    def __init__(self, per_second: float | None) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._clock = asyncio.get_running_loop().time
        self._due = self._clock()

    async def wait(self) -> None:
        """Return when the next item is due."""
        self._due += self._interval
        await asyncio.sleep(max(0.0, self._due - self._clock()) if self._interval else 0)
