"""Faults of framing: events in spellings that the format allows, and one that it does not. All begin with `sse-`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from imagine.server.events import sse
from imagine.server.faults.exchange import without_done
from imagine.server.faults.table import declare, fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagine.server.faults.exchange import Exchange


def framing(frame: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Declare a fault that frames every payload of a stream in its own way."""

    async def play(exchange: Exchange) -> None:
        reply = await exchange.good()
        reply.frame = frame
        await reply.send()

    declare(play, frame)
    return frame


@framing
def sse_crlf(payload: bytes) -> bytes:
    """Lines end with CR LF."""
    return b"data: %b\r\n\r\n" % payload


@framing
def sse_cr(payload: bytes) -> bytes:
    """Lines end with CR alone."""
    return b"data: %b\r\r" % payload


@framing
def sse_no_space(payload: bytes) -> bytes:
    """No space follows `data:`."""
    return b"data:%b\n\n" % payload


@framing
def sse_multi_line(payload: bytes) -> bytes:
    """The JSON is spread over many `data:` lines."""
    lines = msgspec.json.format(payload, indent=1).split(b"\n") if payload.startswith(b"{") else [payload]
    return b"".join(b"data: %b\n" % line for line in lines) + b"\n"


@framing
def sse_comments(payload: bytes) -> bytes:
    """A comment stands before every event."""
    return b": ping\n\n" + sse(payload)


@framing
def sse_pings(payload: bytes) -> bytes:
    """An `event: ping` without data stands before every event."""
    return b"event: ping\n\n" + sse(payload)


@framing
def sse_ids(payload: bytes) -> bytes:
    """A block of `id:` and `retry:` without data stands before every event."""
    return b"id: 7\nretry: 3000\n\n" + sse(payload)


@framing
def sse_named(payload: bytes) -> bytes:
    """Every event has `event: message` and an id."""
    return b"event: message\nid: 7\n" + sse(payload)


@fault
async def sse_bom(exchange: Exchange) -> None:
    """The stream begins with a byte order mark."""
    reply = await exchange.good()
    reply.begin()
    reply.write(b"\xef\xbb\xbf")
    await reply.rest()


@framing
def sse_boms(payload: bytes) -> bytes:
    """A byte order mark stands before every event."""
    return b"\xef\xbb\xbf" + sse(payload)


@fault
async def sse_split(exchange: Exchange, size: int = 1) -> None:
    """The stream is written in pieces of `size` bytes."""
    reply = await exchange.good()
    reply.begin()
    async for piece in reply.pieces:
        for at in range(0, len(piece), max(1, size)):
            reply.write(piece[at : at + size])
            await asyncio.sleep(0)
    reply.end()


@fault
async def sse_unended(exchange: Exchange) -> None:
    """No [DONE], and the last event lacks its blank line."""
    reply = (await exchange.good()).through(without_done)
    reply.begin()
    separator = b""
    async for piece in reply.pieces:
        reply.write(separator + piece.removesuffix(b"\n\n"))
        separator = b"\n\n"
    reply.end()
