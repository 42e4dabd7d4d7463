"""Faults of time and of the connection: late, slow, silent, cut, held open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from imagine.server.events import DONE, sse
from imagine.server.faults.exchange import without_done
from imagine.server.faults.table import declare, fault
from imagine.server.faults.wire import head

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine.server.faults.exchange import Exchange

# Time for the reader to take what was sent; a reset may drop what it has not taken.
_TAKEN = 0.05


@fault
async def delay(exchange: Exchange, seconds: float = 1.0) -> None:
    """The good answer, late: nothing is sent before, not even the status line."""
    await asyncio.sleep(seconds)
    reply = await exchange.good()
    await reply.send()


@fault
async def silent(exchange: Exchange) -> None:
    """No answer at all; the connection stays open until the client leaves."""
    await exchange.wire.hold()


@fault
async def slow_headers(exchange: Exchange, size: int = 1, seconds: float = 0.1) -> None:
    """Status line and headers trickle: `size` bytes, then a pause."""
    reply = await exchange.good()
    for part in _parts(reply.head(), size):
        exchange.wire.write(part)
        await asyncio.sleep(seconds)
    await reply.rest()


@fault
async def slow_drip(exchange: Exchange, size: int = 16, seconds: float = 0.1) -> None:
    """The body trickles: `size` bytes, then a pause, wherever events end."""
    reply = await exchange.good()
    reply.begin()
    async for piece in reply.pieces:
        for part in _parts(piece, size):
            reply.write(part)
            await asyncio.sleep(seconds)
    reply.end()


@fault
async def cut_stream(exchange: Exchange, after: int = 3, reset: bool = True) -> None:
    """The connection is reset, or closed, after `after` events; a body that is not a stream counts as eight."""
    reply = await exchange.good()
    await reply.begin_with(after)
    if reset:
        await asyncio.sleep(_TAKEN)
        exchange.wire.abort()
    exchange.wire.close()


@fault
async def cut_clean(exchange: Exchange, after: int = 3) -> None:
    """The body ends as HTTP requires, but after `after` events: no finish reason, no [DONE]."""
    reply = await exchange.good()
    await reply.begin_with(after)
    reply.end()


@fault
async def close_delimited(exchange: Exchange, after: int = 3) -> None:
    """The connection closes after `after` events, and no length shows that more was to come."""
    reply = await exchange.good()
    exchange.wire.write(head(reply.status, {**reply.headers, "Connection": "close"}))
    for _ in range(after):
        exchange.wire.write(await anext(reply.pieces, b""))
    exchange.wire.close()


@fault
async def short_body(exchange: Exchange) -> None:
    """Content-Length promises twice what is sent before the connection closes."""
    reply = await exchange.good()
    body = b"".join([piece async for piece in reply.pieces])
    exchange.wire.write(head(reply.status, {**reply.headers, "Content-Length": str(2 * len(body))}) + body)
    exchange.wire.close()


@fault
async def no_done(exchange: Exchange) -> None:
    """A stream with its finish reason but without [DONE]."""
    reply = await exchange.good()
    await reply.through(without_done).send()


@fault
async def stall(exchange: Exchange, after: int = 3) -> None:
    """Silence after `after` events, the connection held open."""
    reply = await exchange.good()
    await reply.begin_with(after)
    await exchange.wire.hold()


@fault
async def heartbeats_only(exchange: Exchange, after: int = 0, seconds: float = 0.1) -> None:
    """Comments without end, one per interval, after `after` events."""
    reply = await exchange.good()
    await reply.begin_with(after)
    while True:
        reply.write(b": ping\n\n")
        await asyncio.sleep(seconds)


@fault
async def garbage_event(exchange: Exchange, after: int = 3) -> None:
    """An event that is not JSON, after `after` good ones; more of those follow it."""
    reply = await exchange.good()
    await reply.begin_with(after)
    reply.write(sse(b'{"choices": [{"delta": oops'))
    await reply.rest()


@fault
async def hold_after_done(exchange: Exchange, seconds: float = 0.0) -> None:
    """The whole stream with [DONE], but neither the body nor the connection ends, or the body does `seconds` later."""
    reply = await exchange.good()
    reply.begin()
    async for piece in reply.pieces:
        reply.write(piece)
    if not seconds:
        await exchange.wire.hold()
    await asyncio.sleep(seconds)
    reply.end()


@fault
async def break_after_done(exchange: Exchange, after: int = 0) -> None:
    """A stream with [DONE], after the whole answer or after `after` events, whose body then breaks off."""
    reply = await exchange.good()
    pieces = [piece async for piece in reply.pieces]  # all are there before the first is sent: the break comes at once
    reply.begin()
    for piece in [*pieces[:after], sse(DONE)] if after else pieces:
        reply.write(piece)
    exchange.wire.close()


@fault
async def unsolicited(exchange: Exchange) -> None:
    """The good answer over a kept-alive connection, and behind it one that nobody asked for."""
    reply = await exchange.good()
    await reply.send()
    body = b'{"choices": [{"index": 0, "message": {"content": "Who asked?"}, "finish_reason": "stop"}]}'
    exchange.wire.write(head(200, {"Content-Type": "application/json", "Content-Length": str(len(body))}) + body)


@fault
async def close_before_answer(exchange: Exchange) -> None:
    """The connection closes once the request has been read."""
    exchange.wire.close()


@fault
async def reset_before_answer(exchange: Exchange) -> None:
    """The connection is reset once the request has been read."""
    exchange.wire.abort()


async def reset_before_body(exchange: Exchange) -> None:
    """The connection is reset once the request's headers have been read, but not its body."""
    exchange.wire.abort()


declare(reset_before_body, reset_before_body, reads_body=False)


@fault
async def close_idle(exchange: Exchange, when: str = "after") -> None:
    """The good answer over a kept-alive connection, which closes right `after`, or unanswered on the `next` request."""
    reply = await exchange.good()
    exchange.connection.doomed = when == "next"
    await reply.send()
    if when != "next":
        exchange.wire.close()


def _parts(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), max(1, size)))
