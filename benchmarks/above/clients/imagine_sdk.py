"""This package."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec

from benchmarks.above.questions import TRIP, messages, population, weather
from benchmarks.above.rows import kinds
from imagine import ChatCompletionStreamResponse, ImagineAsyncClient, ImagineClient
from imagine._asking.showing import Showing
from imagine._json.growing import Growing
from imagine._schema.target import target_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

    from benchmarks.above.questions import Place

__all__ = ["blocking_runner", "follow", "follow_typed", "parser", "plain", "runner"]

TOOLS = [weather, population]


class Person(TypedDict):
    name: str
    age: int
    says: str


class People(TypedDict):
    people: list[Person]


@asynccontextmanager
async def runner(place: Place) -> AsyncIterator[Callable[[], Awaitable[str | None]]]:
    async with ImagineAsyncClient(place.endpoint, place.key) as client:

        async def run() -> str | None:
            return (await client.run_tools(messages(TRIP), tools=TOOLS).final()).first_content

        yield run


@contextmanager
def blocking_runner(place: Place) -> Iterator[Callable[[], str | None]]:
    with ImagineClient(place.endpoint, place.key) as client:
        yield lambda: client.run_tools(messages(TRIP), tools=TOOLS).final().first_content


@asynccontextmanager
async def parser(place: Place) -> AsyncIterator[Callable[[str, str], Awaitable[Any]]]:
    known = kinds()
    async with ImagineAsyncClient(place.endpoint, place.key) as client:

        async def parse(kind: str, question: str) -> Any:
            return (await client.chat_parse(messages(question), known[kind])).value

        yield parse


def follow(pieces: Sequence[str]) -> Any:
    growing = Growing()
    for piece in pieces:
        growing.feed(piece)
    return growing.data


def follow_typed(pieces: Sequence[str]) -> Any:
    showing = Showing(target_of(People))
    for piece in pieces:
        showing.feed([_chunk(piece)])
    return showing.data


def plain(value: Any) -> Any:
    # msgspec leaves defaults of dataclasses to the class, and then does not write them.
    whole = replace(value) if is_dataclass(value) and not isinstance(value, type) else value
    return msgspec.json.decode(msgspec.json.encode(whole))


def _chunk(piece: str) -> ChatCompletionStreamResponse:
    document = {
        "choices": [{"index": 0, "delta": {"content": piece}}],
        "id": "",
        "created": 0,
        "model": "",
        "object": "",
    }
    return msgspec.convert(document, ChatCompletionStreamResponse)
