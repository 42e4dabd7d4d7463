"""Faults of the answer as a whole: another status, another body, another encoding, another place."""

from __future__ import annotations

import asyncio
import time
import zlib
from email.utils import formatdate
from typing import TYPE_CHECKING

import msgspec

from imagine.server.events import sse
from imagine.server.faults.table import declare, fault
from imagine.server.faults.wire import head, phrase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from imagine.server.faults.exchange import Exchange, Reply

_MEGABYTE, _LINE = 2**20, 2**10
_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>gateway</body></html>\n"
_JSON_TYPE, _HTML_TYPE = "application/json", "text/html; charset=utf-8"
_KNOWN_BODIES: Mapping[int, object] = {
    401: {"message": "Unauthorized", "status": "error"},
    404: {"detail": "Model not found"},
    422: {"detail": [{"loc": ["body", "messages"], "msg": "field required", "type": "value_error.missing"}]},
    429: {"message": "Rate limit exceeded", "status": "error"},
}


@fault
async def status(
    exchange: Exchange,
    code: int = 503,
    body: str = "json",
    message: str = "",
    retry_after: str = "",
    retry_after_ms: str = "",
    retry_after_date: float = 0.0,
    encoding: str = "",
) -> None:
    """An error status; body `json` or `html`; a wait in seconds, in milliseconds, or as a date.

    The body is said to be in an `encoding`, such as br, in which it is not.
    """
    date = formatdate(time.time() + retry_after_date, usegmt=True) if retry_after_date else ""
    given = {"Retry-After": date or retry_after, "retry-after-ms": retry_after_ms, "Content-Encoding": encoding}
    headers = {name: value for name, value in given.items() if value}
    content = (_html(code), _HTML_TYPE) if body == "html" else (_json(code, message), _JSON_TYPE)
    _answer(exchange, code, *content, headers)


@fault
async def wrong_key_500(exchange: Exchange) -> None:
    """Status 500 that means a wrong key, as one host sends it."""
    _answer(exchange, 500, b'{"message": "Invalid API key, no user found"}', _JSON_TYPE)


@fault
async def key_echo(exchange: Exchange, code: int = 400) -> None:
    """An error that repeats the key wherever an answer has room: in reason phrase, headers and body."""
    key = exchange.request.headers["Authorization"].partition(" ")[2]
    body = msgspec.json.encode({"message": f"Is {key} your key?", key: [key]})
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), "X-Request-Id": key, "X-Key": key}
    exchange.wire.write(head(code, headers).replace(b"\r\n", b" for %b\r\n" % key.encode(), 1) + body)


async def early_status(exchange: Exchange, code: int = 413) -> None:
    """An error status as soon as the headers have been read; the body is read and dropped."""
    _answer(exchange, code, _json(code, ""), _JSON_TYPE)


declare(early_status, early_status, reads_body=False)


@fault
async def html_200(exchange: Exchange) -> None:
    """A web page with status 200, like the login page of a network."""
    _answer(exchange, 200, _html(200), _HTML_TYPE)


@fault
async def empty_200(exchange: Exchange) -> None:
    """Status 200 and an empty body."""
    _answer(exchange, 200, b"", _JSON_TYPE)


@fault
async def no_content_204(exchange: Exchange) -> None:
    """Status 204, which has no body."""
    exchange.wire.write(head(204, exchange.headers))


@fault
async def wrong_content_type(exchange: Exchange, value: str = "text/plain") -> None:
    """The good answer with another content type."""
    reply = await exchange.good()
    reply.begin({"Content-Type": value})
    await reply.rest()


@fault
async def header_flood(exchange: Exchange, count: int = 1000, size: int = 1000) -> None:
    """The good answer behind `count` headers of `size` bytes."""
    reply = await exchange.good()
    reply.begin({f"X-Flood-{number}": "x" * size for number in range(count)})
    await reply.rest()


@fault
async def gzip(exchange: Exchange) -> None:
    """The good answer compressed, asked for or not; a stream is flushed after each event."""
    reply = await exchange.good()
    await _send_compressed(reply, reply.pieces)


@fault
async def gzip_bomb(exchange: Exchange, megabytes: int = 300, lines: bool = False) -> None:
    """The good answer behind `megabytes` MB of blanks, compressed to a thousandth; in `lines`, or all in one."""
    reply = await exchange.good()
    await _send_compressed(reply, _behind_blanks(reply, megabytes, lines))


@fault
async def huge_event(exchange: Exchange, megabytes: int = 20) -> None:
    """A first event of `megabytes` MB; a body that is not a stream begins with as many blanks."""
    reply = await exchange.good()
    size = megabytes * _MEGABYTE
    reply.begin()
    reply.write(sse(b'{"choices": [], "padding": "%b"}' % (b"x" * size)) if reply.streamed else b" " * size)
    await reply.rest()


@fault
async def redirect(exchange: Exchange, code: int = 307, to: str = "other", location: str = "") -> None:
    """A redirect to the `same` origin (with the good answer there), an `other` one, in a `loop`, or to `location`.

    With `login` it leads to the same origin, by a URL with a user and a password.
    """
    if "moved" in exchange.request.query:
        reply = await exchange.good()
        await reply.send()
    else:
        headers = {**exchange.headers, "Location": location or _target(exchange, to), "Content-Length": "0"}
        exchange.wire.write(head(code, headers))


def _target(exchange: Exchange, to: str) -> str:
    url, moved = exchange.request.url, exchange.request.url.update_query(moved="1")
    # The same server by its other name is another origin, and what is sent there can be inspected.
    other = moved.with_host("127.0.0.1" if url.host == "localhost" else "localhost")
    login = moved.with_user("me").with_password("secret")
    return str({"loop": url, "same": moved, "login": login}.get(to, other))


def _answer(
    exchange: Exchange, code: int, body: bytes, content_type: str, extra: Mapping[str, str] | None = None
) -> None:
    headers = {"Content-Type": content_type, "Content-Length": str(len(body)), **exchange.headers, **(extra or {})}
    exchange.wire.write(head(code, headers) + body)


def _json(code: int, message: str) -> bytes:
    spoken = {"message": message or phrase(code), "status": "error"}
    return msgspec.json.encode(spoken if message else _KNOWN_BODIES.get(code, spoken))


def _html(code: int) -> bytes:
    return _HTML.format(f"{code} {phrase(code)}").encode()


async def _send_compressed(reply: Reply, pieces: AsyncIterator[bytes]) -> None:
    packer = zlib.compressobj(wbits=31)
    reply.begin({"Content-Encoding": "gzip"})
    async for piece in pieces:
        # A flush after every block of a bomb would make it ten times as big.
        reply.write(packer.compress(piece) + (b"" if len(piece) == _MEGABYTE else packer.flush(zlib.Z_SYNC_FLUSH)))
        await asyncio.sleep(0)
    reply.write(packer.flush())
    reply.end()


async def _behind_blanks(reply: Reply, megabytes: int, lines: bool) -> AsyncIterator[bytes]:
    """Put blanks in front that change nothing: white space in JSON, or comments in a stream."""
    mark = b":" if reply.streamed else b" "
    blanks = (mark.ljust(_LINE - 2) + b"\n\n") * (_MEGABYTE // _LINE) if lines else b" " * _MEGABYTE
    yield mark
    for _ in range(megabytes):
        yield blanks
    yield b"\n\n"
    async for piece in reply.pieces:
        yield piece
