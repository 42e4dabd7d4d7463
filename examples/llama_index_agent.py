"""An agent of LlamaIndex with two tools, shown as it thinks, calls and answers.

    python examples/llama_index_agent.py ["a question" …]

The model sees each function's name, signature and docstring, and the agent runs what it asks for until it answers in
text. Needs the extra `llama-index`, IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

import asyncio
import sys
from datetime import date

from llama_index.core.agent.workflow import AgentStream, FunctionAgent, ToolCallResult

from imagine.llama_index import ImagineLLM

QUESTIONS = ("On which weekday is the date 2027-05-17?", "How many kilometres are 26.2 miles?")


def weekday(day: date) -> str:
    """Tell the weekday of a date, which is in ISO 8601, such as 2027-05-17."""
    # The annotation is for the model (as text, by `from __future__`, it could not be read); a date comes as a text.
    return f"{day} is a {date.fromisoformat(str(day)):%A}"


def kilometres(miles: float) -> str:
    """Convert a distance from miles to kilometres."""
    return f"{miles:g} miles are {miles * 1.609344:.2f} km"


async def main(questions: list[str]) -> None:
    agent = FunctionAgent(tools=[weekday, kilometres], llm=ImagineLLM(temperature=0))
    for question in questions:
        print(f"> {question}")
        run = agent.run(question)
        async for event in run.stream_events():
            if isinstance(event, ToolCallResult):
                print(f"  {event.tool_name}({event.tool_kwargs}) → {event.tool_output.content}")
            elif isinstance(event, AgentStream):
                print(event.delta, end="", flush=True)
        await run
        print()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(QUESTIONS)))
