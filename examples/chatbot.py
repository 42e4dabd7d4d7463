"""A chat bot with a budget of tokens, which remembers what was said when it is started anew.

    python examples/chatbot.py [chat.json]

It reads questions from its input, a line each, and shows the answers as they come. Ctrl-C stops an answer, of which
what came is kept; the end of the input (Ctrl-D) ends the program. Needs IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from imagine import ImagineClient, ImagineException

if TYPE_CHECKING:
    from imagine import Conversation

BUDGET = 4_000
SYSTEM = "Answer in a few sentences."


def now() -> str:
    """Tell date and time."""
    return datetime.now().astimezone().isoformat(timespec="minutes")


def opened(client: ImagineClient, path: Path) -> Conversation:
    if path.exists():
        return client.load_conversation(path, tools=[now])
    return client.conversation(SYSTEM, tools=[now], budget=BUDGET, max_tokens=300)


def answer(conversation: Conversation, question: str) -> None:
    with conversation.ask_stream(question) as stream:
        try:
            for event in stream:
                print(event.first_content or "", end="", flush=True)
        except KeyboardInterrupt:
            stream.keep_partial()
            print(" …", end="")
    print()


def main(path: Path) -> None:
    with ImagineClient() as client:
        conversation = opened(client, path)
        print(f"{len(conversation.messages)} messages so far, of which {len(conversation.window())} would be sent")
        for line in sys.stdin:
            print(f"> {line.strip()}")
            try:
                answer(conversation, line.strip())
            except (ImagineException, ValueError) as error:  # it is not kept: ask again
                print(f"\nFailed: {error}")
            conversation.save(path)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "chat.json"))
