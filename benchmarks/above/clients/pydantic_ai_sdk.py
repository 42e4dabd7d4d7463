"""Pydantic AI: an agent with tools."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from benchmarks.above.questions import MODEL, TRIP, population, weather

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from benchmarks.above.questions import Place

__all__ = ["blocking_runner", "runner"]


@asynccontextmanager
async def runner(place: Place) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    agent = _agent(place)

    async def run() -> str:
        return str((await agent.run(TRIP)).output)

    yield run


@contextmanager
def blocking_runner(place: Place) -> Iterator[Callable[[], str]]:
    agent = _agent(place)
    yield lambda: str(agent.run_sync(TRIP).output)


def _agent(place: Place) -> Any:
    provider = OpenAIProvider(base_url=place.openai, api_key=place.key)
    return Agent(OpenAIChatModel(MODEL, provider=provider), tools=[weather, population])
