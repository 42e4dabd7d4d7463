"""An agent: a model that keeps notes with three tools, until it answers in text.

    python examples/agent.py ["a question" …]

It shows what happens while it happens: each call before it is made, what came of it, and the answer as it comes. The
functions are described by their hints and docstrings. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import date  # noqa: TC003 - the annotations are read at run time

from imagine import ImagineAsyncClient, ToolCall, ToolResult

QUESTIONS = ("Which notes are there?", "On which weekday is the picnic?")
NOTES = {"picnic": "The picnic is on 2027-05-17.", "bread": "Knead for ten minutes."}


def list_notes() -> list[str]:
    """List the names of all notes."""
    return sorted(NOTES)


async def read_note(name: str) -> str:
    """Read a note.

    Args:
        name: One of the names that `list_notes` returns.
    """
    return NOTES[name]  # a KeyError is told to the model, which may try another name


def weekday(day: date) -> str:
    """Tell the weekday of a date."""
    return f"{day:%A}"


async def main(questions: list[str]) -> None:
    async with ImagineAsyncClient() as client:
        for question in questions:
            print(f"> {question}")
            messages = [{"role": "user", "content": question}]
            async with client.run_tools_stream(messages, tools=[list_notes, read_note, weekday], max_turns=5) as run:
                async for event in run:
                    if isinstance(event, ToolCall):
                        print(f"  {event.name}({event.arguments})")
                    elif isinstance(event, ToolResult):
                        print(f"  → {event.content}")
                    print(event.first_content or "", end="", flush=True)
            print(f"\n  {len(run.turns)} turns")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or list(QUESTIONS)))
