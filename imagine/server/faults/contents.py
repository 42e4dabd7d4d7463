"""Faults of content: answers that are well-formed and odd, and some that are not."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from imagine.server.events import DONE
from imagine.server.faults.exchange import each
from imagine.server.faults.table import declare, fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from imagine.server.faults.exchange import Exchange

P = ParamSpec("P")
Document = dict[str, Any]

_TOOLS = ("get_weather", '{"city": "Oslo"}'), ("get_time", '{"zone": "CET"}')


def content(change: Callable[Concatenate[Document, P], None]) -> Callable[Concatenate[Document, P], None]:
    """Declare a fault that changes every JSON object of an answer, in place."""

    async def play(exchange: Exchange, *args: P.args, **parameters: P.kwargs) -> None:
        def changed(payload: bytes) -> bytes:
            document: Document = json.loads(payload)
            change(document, *args, **parameters)
            return _encode(document)

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
    for choice in _choices(document):
        if choice["finish_reason"]:
            choice["finish_reason"] = reason


@content
def stop_though_cut(document: Document) -> None:
    """The finish reason is `stop` although `max_tokens` has cut the text."""
    for choice in _choices(document):
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
    for part in (document, *_choices(document), *_messages(document)):
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


@fault
async def tool_calls(exchange: Exchange) -> None:
    """Two tool calls instead of text; in a stream their pieces alternate."""
    reply = await exchange.good()
    await reply.through(_calling if reply.streamed else each(_called)).send()


def _called(payload: bytes) -> bytes:
    document: Document = json.loads(payload)
    calls = [
        {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(_TOOLS)
    ]
    for choice in _choices(document):
        choice["message"] = {"role": "assistant", "content": None, "tool_calls": calls}
        choice["finish_reason"] = "tool_calls"
    return _encode(document)


async def _calling(payloads: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    document: Document = json.loads(await anext(payloads))
    for choice in _tool_call_choices():
        yield _encode({**document, "choices": [{"index": 0, **choice}]})
    yield DONE


def _tool_call_choices() -> Iterator[Document]:
    """Yield choices of a stream: first the names, then the arguments in pieces of seven characters, then the end."""
    for index, (name, _) in enumerate(_TOOLS):
        start = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"delta": {"role": "assistant", "content": None, "tool_calls": [start]}, "finish_reason": None}
    for at in range(0, 21, 7):
        for index, (_, arguments) in enumerate(_TOOLS):
            piece = {"index": index, "function": {"arguments": arguments[at : at + 7]}}
            yield {"delta": {"tool_calls": [piece]}, "finish_reason": None}
    yield {"delta": {}, "finish_reason": "tool_calls"}


def _choices(document: Document) -> list[Document]:
    choices: list[Document] = document.get("choices", [])
    return choices


def _messages(document: Document) -> list[Document]:
    """Return the messages or deltas of an answer, or the choices themselves where they hold the text."""
    return [choice.get("delta") or choice.get("message") or choice for choice in _choices(document)]


def _append_to_texts(document: Document, text: str) -> None:
    for message in _messages(document):
        for name in ("content", "text"):
            if isinstance(message.get(name), str):
                message[name] += text


def _encode(document: Document) -> bytes:
    # Not msgspec: NaN must be written as such, a lone surrogate as an escape, and the rest unescaped.
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")
