"""Errors that a service reports under a good status: in place of its answer, beside it, in the middle of a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from imagine.server.events import sse
from imagine.server.faults.contents import Document, choices_of, content
from imagine.server.faults.table import fault
from imagine.server.faults.wire import head

if TYPE_CHECKING:
    from imagine.server.faults.exchange import Exchange

_KILOBYTE = 1024
_WORDS = "Generation failed"


@fault
async def error_200(exchange: Exchange, shape: str = "error") -> None:
    """Status 200, and an error in place of the answer: `error`, `text`, `list`, `object` or `detail` is its shape."""
    body = _written(shape, 500, _WORDS)
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **exchange.headers}
    exchange.wire.write(head(200, headers) + body)


@content
def error_beside(document: Document, choices: bool = True) -> None:
    """The good answer, whose JSON, or last chunk, carries an error, too, beside its `choices` or an empty list."""
    if all(choice["finish_reason"] for choice in choices_of(document)):
        document["error"] = {"message": _WORDS, "code": 500}
        document["choices"] = document["choices"] if choices else []


@fault
async def error_event(
    exchange: Exchange, after: int = 3, code: int = 500, named: bool = False, shape: str = "error", kilobytes: int = 0
) -> None:
    """An error in place of an event, after `after` of them, then the end; `named` puts it under `event: error`.

    Its shapes are those of error-200; `kilobytes` make its message longer.
    """
    reply = await exchange.good()
    await reply.begin_with(after)
    error = _written(shape, code, _WORDS + " and" * (kilobytes * _KILOBYTE // 4))
    reply.write((b"event: error\n" if named else b"") + sse(error))
    reply.end()


def _written(shape: str, code: int, words: str) -> bytes:
    error = {"error": {"message": words, "type": "server_error", "code": code}}
    shapes: Document = {
        "text": {"error": words},
        "list": [error],
        "object": {"object": "error", "message": words, "code": code},
        "detail": {"detail": words},
    }
    return msgspec.json.encode(shapes.get(shape, error))
