"""Pydantic AI: agents with tools and structured answers."""

from __future__ import annotations

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, PromptedOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from tried import CHAT, KEY, QUESTION, URL, fails, tried


class Trip(BaseModel):
    city: str
    days: int


model = OpenAIChatModel(CHAT, provider=OpenAIProvider(base_url=URL, api_key=KEY))
nothing = OpenAIChatModel("none", provider=OpenAIProvider(base_url=URL, api_key=KEY))


def with_tools() -> bool:
    """Ask an agent whose tool is called and answered."""
    asked: list[str] = []
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str) -> str:
        """Tell the weather of a city."""
        asked.append(city)
        return "sunny"

    return "sunny" in agent.run_sync("What is the weather in Oslo?").output and asked == ["Oslo"]


async def streamed() -> str:
    async with Agent(model).run_stream(QUESTION) as run:
        return "".join([piece async for piece in run.stream_text(delta=True)])


def trip(kind) -> bool:
    return Agent(model, output_type=kind).run_sync('Two days in "Oslo"').output.city == "Oslo"


tried(
    chat=lambda: Agent(model).run_sync(QUESTION).output,
    streams=lambda: asyncio.run(streamed()),
    tools=with_tools,
    structured=lambda: trip(Trip) and trip(NativeOutput(Trip)),
    prompted=lambda: trip(PromptedOutput(Trip)),
    errors=lambda: fails(lambda: Agent(nothing).run_sync("a"), "ModelHTTPError", "ModelNotFoundError"),
)
