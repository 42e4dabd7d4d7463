"""OpenAI's Agents SDK: an agent with tools, without its traces, which would leave the machine."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from agents import Agent, OpenAIChatCompletionsModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI

from benchmarks.above.questions import MODEL, TRIP, population, weather

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from benchmarks.above.questions import Place

__all__ = ["blocking_runner", "runner"]


@asynccontextmanager
async def runner(place: Place) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    agent = _agent(place)

    async def run() -> str:
        return str((await Runner.run(agent, TRIP)).final_output)

    yield run


@contextmanager
def blocking_runner(place: Place) -> Iterator[Callable[[], str]]:
    agent = _agent(place)
    yield lambda: str(Runner.run_sync(agent, TRIP).final_output)


def _agent(place: Place) -> Any:
    set_tracing_disabled(True)
    client = AsyncOpenAI(base_url=place.openai, api_key=place.key)
    model = OpenAIChatCompletionsModel(model=MODEL, openai_client=client)
    return Agent(name="guide", model=model, tools=[function_tool(weather), function_tool(population)])
