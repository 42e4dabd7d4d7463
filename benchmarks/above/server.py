"""The scripted server of all libraries; prints where it listens, and stops when its standard input ends."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from benchmarks.above.questions import ANSWER, CALLS, PERSON, PLAIN, TRIP, row
from benchmarks.above.rows import awkward
from imagine.server import LocalServer, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

RESULTS = len(CALLS) * 2
"""Results of tools after which the run is at its end: those of two turns."""


def main() -> None:
    """Serve."""
    with LocalServer(requests_kept=0) as server:
        script_runs(server)
        script_good_answers(server)
        for number, one in enumerate(awkward()):
            server.chat.replies(
                Reply(one.text, tool_calls=one.calls, finish_reason=one.finish_reason), when=asks(row(number))
            )
            server.completions.replies(Reply(one.text, finish_reason=one.finish_reason), when=goes_on(row(number)))
        print(json.dumps([server.endpoint, server.openai_base_url, server.api_key]), flush=True)
        sys.stdin.read()


def script_runs(server: LocalServer) -> None:
    """Have the tools called in two turns, and end with a text."""
    asked = asks(TRIP)
    server.chat.replies(ANSWER, when=lambda request: asked(request) and results_of(request) >= RESULTS)
    server.chat.replies(Reply(tool_calls=CALLS), when=asked)


def script_good_answers(server: LocalServer) -> None:
    """Answer as was asked: with a call where a tool was offered, with JSON where none was."""
    asked, text = asks(PLAIN), json.dumps(PERSON)
    call = Reply(tool_calls=[("Person", text)])
    server.chat.replies(call, when=lambda request: asked(request) and bool(request.tools))
    server.chat.replies(text, when=asked)


def asks(question: str) -> Callable[[Any], bool]:
    """Return what tells a chat that asks the question, whatever a library put around it."""
    return lambda request: any(question in str(message.content) for message in request.messages)


def goes_on(question: str) -> Callable[[Any], bool]:
    """Return the same for a completion."""
    return lambda request: question in str(request.prompt)


def results_of(request: Any) -> int:
    """Return how many results of tools a chat has."""
    return sum(message.role == "tool" for message in request.messages)


if __name__ == "__main__":
    main()
