"""Tools for tests, answers that ask for them, and what was sent of a run."""

from __future__ import annotations

import json

from imagine import Turn
from imagine.server import Reply
from support.scripted import events, json_answer


def weather(city: str) -> str:
    """Tell the weather."""
    return f"rain in {city}"


async def double(number: int) -> int:
    """Double a number."""
    return 2 * number


def fail(why: str) -> str:
    """Fail."""
    raise LookupError(why)


def asks(*calls, **options):
    """An answer that asks for tools: pairs of a name and arguments."""
    return Reply(tool_calls=calls, **options)


OSLO = asks(("weather", {"city": "Oslo"}))


async def turns(run):
    """Read a run to its end, and return its turns."""
    return [item async for item in run if isinstance(item, Turn)]


def raw_answer(*calls, streamed, finish_reason="tool_calls", usage=None):
    """An answer whose tool calls are as they stand here."""
    choice = {"index": 0, "finish_reason": finish_reason}
    if not streamed:
        message = {"role": "assistant", "content": None, "tool_calls": calls}
        return json_answer({"choices": [{**choice, "message": message}], "usage": usage})
    pieces = [{**call, "index": place} for place, call in enumerate(calls)]
    return events({"choices": [{**choice, "delta": {"tool_calls": pieces}}], "usage": usage}, b"[DONE]")


def call(name, arguments, **members):
    """One of them."""
    return {"type": "function", "function": {"name": name, "arguments": arguments}, **members}


def sent_messages(server):
    """The conversation of the last request, as it was sent."""
    return json.loads(server.requests[-1].body)["messages"]
