"""Streams that are none: the whole answer in one event, or no event at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from imagine.server.events import DONE
from imagine.server.faults.contents import Document, choices_of, encoded
from imagine.server.faults.table import fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from imagine.server.faults.exchange import Exchange


@fault
async def whole_event(exchange: Exchange, name: str = "message") -> None:
    """A stream has one event, in which each choice has a whole `message`, or a `text`, in place of a delta."""
    reply = await exchange.good()

    async def whole(payloads: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        chunks: list[Document] = [json.loads(payload) async for payload in payloads if payload != DONE]
        yield encoded({**chunks[0], "choices": _whole_choices(chunks, name)})
        yield DONE

    await (reply.through(whole) if reply.streamed else reply).send()


def _whole_choices(chunks: list[Document], name: str) -> list[Document]:
    texts, reasons = dict[int, str](), dict[int, str | None]()
    for choice in (choice for chunk in chunks for choice in choices_of(chunk)):
        index = choice["index"]
        texts[index] = texts.get(index, "") + (choice["delta"].get("content") or "")
        reasons[index] = choice["finish_reason"]
    return [
        {"index": index, name: _written(name, text), "finish_reason": reasons[index]} for index, text in texts.items()
    ]


def _written(name: str, text: str) -> object:
    return {"role": "assistant", "content": text} if name == "message" else text


@fault
async def done_alone(exchange: Exchange) -> None:
    """A stream is [DONE] and nothing before it; any other answer is empty."""
    reply = await exchange.good()
    await reply.through(_without_events).send()


async def _without_events(payloads: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for payload in payloads:
        if payload == DONE:
            yield payload
