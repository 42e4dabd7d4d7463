"""Typed records out of a text, shown while they come.

    python examples/extraction.py [FILE]

Each line is redrawn as the model writes it and gets a mark once the record is complete and checked. Without a file, a
text of its own is read. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta

from imagine import ImagineAsyncClient, ImagineParseException

TEXT = """
The launch is planned for May. Ann Lee (ann@example.com) writes the press release until Friday, which cannot wait.
Bob checks the numbers whenever he finds the time. Nobody has booked the room yet: two days before at the latest.
"""


@dataclass
class Task:
    """Something that somebody has to do."""

    what: str
    urgency: Literal["low", "normal", "high"]
    who: str | None = None
    mail: Annotated[str, Meta(pattern="@", description="an address of the text, none that is made up")] | None = None


class Progress:
    """Lines on a terminal, one for each record, that are drawn over as they grow."""

    def __init__(self) -> None:
        self._drawn = 0

    def draw(self, tasks: list[dict[str, Any]], complete: int) -> None:
        """Draw what is there; records up to `complete` have their mark."""
        if self._drawn:
            sys.stdout.write(f"\x1b[{self._drawn}F")
        for number, task in enumerate(tasks):
            sys.stdout.write(f"\x1b[K{'*' if number < complete else ' '} {task.get('what', '')} … {task.get('who')}\n")
        self._drawn = len(tasks)
        sys.stdout.flush()


async def extract(client: ImagineAsyncClient, text: str) -> list[Task]:
    """Ask for the tasks of a text, and show how they come."""
    messages = [{"role": "user", "content": f"List the tasks in this text, in its own words.\n\n{text}"}]
    progress, complete = Progress(), 0
    async with client.chat_parse_stream(messages, list[Task], temperature=0, max_tokens=1_000) as stream:
        async for partial in stream:
            complete += sum(len(path) == 1 for path, _ in partial.completed)
            progress.draw(partial.data, complete)
        parsed = await stream.final()
    return parsed.value


async def main(text: str) -> int:
    """Extract the tasks of a text, and list them by urgency."""
    async with ImagineAsyncClient() as client:
        try:
            tasks = await extract(client, text)
        except ImagineParseException as error:
            print(f"The model's answer is no list of tasks: {error}", file=sys.stderr)
            return 1
    for urgency in ("high", "normal", "low"):
        print(f"{urgency}: {', '.join(task.what for task in tasks if task.urgency == urgency) or 'nothing'}")
    return 0


if __name__ == "__main__":
    given = Path(sys.argv[1]).read_text("utf-8") if sys.argv[1:] else TEXT
    sys.exit(asyncio.run(main(given)))
