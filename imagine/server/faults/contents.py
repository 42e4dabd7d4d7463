"""Faults of content: answers that are well-formed and odd, and some that are not."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from imagine.server.faults.exchange import each, without_done
from imagine.server.faults.table import declare, fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagine.server.faults.exchange import Exchange

__all__ = ["Document", "choices_of", "content", "encoded"]

P = ParamSpec("P")
Document = dict[str, Any]

_ODD_LEAVES: Document = {"id": 7, "created": "2026-11-27T08:00:00Z", "usage": []}


def content(change: Callable[Concatenate[Document, P], None]) -> Callable[Concatenate[Document, P], None]:
    """Declare a fault that changes every JSON object of an answer, in place."""

    async def play(exchange: Exchange, *args: P.args, **parameters: P.kwargs) -> None:
        def changed(payload: bytes) -> bytes:
            document: Document = json.loads(payload)
            change(document, *args, **parameters)
            return encoded(document)

        reply = await exchange.good()
        await reply.through(each(changed)).send()

    declare(play, change)
    return change


@content
def wrong_shape(document: Document) -> None:
    """JSON of another shape."""
    document.clear()
    document["unexpected"] = [1, 2, 3]


@content
def unknown_finish_reason(document: Document, reason: str = "content_filter") -> None:
    """A finish reason that nobody documented."""
    for choice in choices_of(document):
        if choice["finish_reason"]:
            choice["finish_reason"] = reason


@fault
async def null_finish_reason(exchange: Exchange, after: int = 0) -> None:
    """Where a choice goes on, its finish reason is the text `null`; the body ends after `after` events, or all."""
    reply = (await exchange.good()).through(each(_with_null_reasons))
    if after:
        await reply.begin_with(after)
        reply.end()
    else:
        await reply.send()


def _with_null_reasons(payload: bytes) -> bytes:
    document: Document = json.loads(payload)
    for choice in choices_of(document):
        choice["finish_reason"] = choice["finish_reason"] or "null"
    return encoded(document)


@fault
async def first_choice(exchange: Exchange, done: bool = False) -> None:
    """Of several choices only the first; a stream ends without [DONE] unless `done`."""
    reply = (await exchange.good()).through(each(_without_other_choices))
    await (reply if done else reply.through(without_done)).send()


def _without_other_choices(payload: bytes) -> bytes:
    document: Document = json.loads(payload)
    document["choices"] = [choice for choice in choices_of(document) if choice["index"] == 0]
    return encoded(document)


@content
def stop_though_cut(document: Document) -> None:
    """The finish reason is `stop` although `max_tokens` has cut the text."""
    for choice in choices_of(document):
        if choice["finish_reason"] == "length":
            choice["finish_reason"] = "stop"


@content
def missing_fields(document: Document, names: str = "id,object,created,model,usage") -> None:
    """Fields are missing: by default all but the choices or data."""
    for name in names.split(","):
        document.pop(name, None)


@content
def null_fields(document: Document, names: str = "id,object,created,model,usage,failure,role,tool_calls") -> None:
    """Fields are null, in the answer and in its messages."""
    for part in (document, *_messages(document)):
        part.update((name, None) for name in names.split(",") if name in part)


@content
def extra_fields(document: Document) -> None:
    """Fields that nobody documented are everywhere."""
    for part in (document, *choices_of(document), *_messages(document)):
        part["x_vendor"] = {"trace": [1, None, "two"]}


@content
def reasoning_content(document: Document, text: str = "Let me think.") -> None:
    """Messages and deltas carry `reasoning_content`."""
    for message in _messages(document):
        message["reasoning_content"] = text


@content
def line_separators(document: Document) -> None:
    """Texts contain U+2028, U+2029 and U+0085, unescaped: line ends to some readers, not to SSE."""
    _append_to_texts(document, "\u2028\u2029\x85")


@content
def lone_surrogate(document: Document) -> None:
    """Texts contain half of a surrogate pair, escaped: some JSON readers refuse it."""
    _append_to_texts(document, "\ud83d")


@content
def odd_leaf(document: Document, name: str = "id") -> None:
    """A field that hardly anybody reads is of another type: `id` a number, `created` a date, `usage` a list."""
    document[name] = _ODD_LEAVES.get(name)


@content
def vectors(document: Document, change: str = "reversed") -> None:
    """The vectors of embeddings are `reversed`, each with its number, or `base64`; the last is `null`, or `missing`."""
    data: list[Document] = document.get("data", [])
    if change == "reversed":
        data.reverse()
    elif change == "base64":
        for vector in data:
            packed = struct.pack(f"<{len(vector['embedding'])}f", *vector["embedding"])
            vector["embedding"] = base64.b64encode(packed).decode()
    elif data:
        last = data.pop()
        data += [{**last, "embedding": None}] if change == "null" else []


@content
def reranked(document: Document) -> None:
    """A reranker's answer in the words of others: `results` with a `score`, and documents as `{"text": …}`."""
    document["results"] = document.pop("data", [])
    for result in document["results"]:
        result["score"] = result.pop("relevance_score")
        if "document" in result:
            result["document"] = {"text": result["document"]}


@content
def nan(document: Document) -> None:
    """`created` is NaN, which is not JSON, but some servers write it."""
    document["created"] = math.nan


@fault
async def invalid_utf8(exchange: Exchange) -> None:
    """Every JSON object ends with a field whose text is not UTF-8."""
    reply = await exchange.good()
    await reply.through(each(lambda payload: payload[:-1] + b', "note": "\xff\xfe"}')).send()


@fault
async def truncated_json(exchange: Exchange) -> None:
    """The JSON breaks off in the middle; the HTTP around it is whole."""
    reply = await exchange.good()
    await reply.through(each(lambda payload: payload[: len(payload) // 2])).send()


def choices_of(document: Document) -> list[Document]:
    """Return the choices of an answer or a chunk."""
    choices: list[Document] = document.get("choices", [])
    return choices


def _messages(document: Document) -> list[Document]:
    """Return the messages or deltas of an answer, or the choices themselves where they hold the text."""
    return [choice.get("delta") or choice.get("message") or choice for choice in choices_of(document)]


def _append_to_texts(document: Document, text: str) -> None:
    for message in _messages(document):
        for name in ("content", "text"):
            if isinstance(message.get(name), str):
                message[name] += text


def encoded(document: Document) -> bytes:
    """Write a changed document."""
    # Not msgspec: NaN must be written as such, a lone surrogate as an escape, and the rest unescaped.
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
