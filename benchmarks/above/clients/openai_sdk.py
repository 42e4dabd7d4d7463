"""The openai SDK: answers by its `parse`."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from openai import AsyncOpenAI

from benchmarks.above.clients.pydantic_kinds import plain, within
from benchmarks.above.questions import MODEL, messages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from benchmarks.above.questions import Place

__all__ = ["parser", "plain"]


@asynccontextmanager
async def parser(place: Place) -> AsyncIterator[Callable[[str, str], Awaitable[Any]]]:
    async with AsyncOpenAI(base_url=place.openai, api_key=place.key) as client:

        async def parse(kind: str, question: str) -> Any:
            answer = await client.chat.completions.parse(
                model=MODEL, messages=cast("Any", messages(question)), response_format=within(kind)
            )
            if answer.choices[0].message.parsed is None:
                raise ValueError("nothing was parsed")
            return answer.choices[0].message.parsed

        yield parse
