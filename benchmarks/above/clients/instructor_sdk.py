"""Instructor on the openai SDK, in three of its modes, with as many retries as it makes by itself."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import instructor
from openai import AsyncOpenAI

from benchmarks.above.clients.pydantic_kinds import plain, within
from benchmarks.above.questions import MODEL, messages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from contextlib import AbstractAsyncContextManager

    from benchmarks.above.questions import Place

    Parse = Callable[[str, str], Awaitable[Any]]

__all__ = ["fence_parser", "json_parser", "plain", "tools_parser"]


def json_parser(place: Place) -> AbstractAsyncContextManager[Parse]:
    return _parser(place, instructor.Mode.JSON)


def fence_parser(place: Place) -> AbstractAsyncContextManager[Parse]:
    return _parser(place, instructor.Mode.MD_JSON)


def tools_parser(place: Place) -> AbstractAsyncContextManager[Parse]:
    return _parser(place, instructor.Mode.TOOLS)


@asynccontextmanager
async def _parser(place: Place, mode: Any) -> AsyncIterator[Parse]:
    async with AsyncOpenAI(base_url=place.openai, api_key=place.key) as openai:
        client = instructor.from_openai(openai, mode=mode)

        async def parse(kind: str, question: str) -> Any:
            return await client.chat.completions.create(
                model=MODEL, messages=messages(question), response_model=within(kind)
            )

        yield parse
