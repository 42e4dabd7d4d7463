"""What is asked, the tools, and the object that comes in pieces; nothing but the standard library."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["ANSWER", "CALLS", "MODEL", "PERSON", "PLAIN", "TRIP", "Place", "messages", "people", "pieces", "population"]
__all__ += ["row", "weather"]

MODEL = "Llama-3.1-8B"
TRIP = "Shall I go to Oslo?"
ANSWER = "Yes, go."
CALLS = (("weather", {"city": "Oslo"}), ("population", {"city": "Oslo"}))
PLAIN = "Who is it?"
PERSON = {"name": "Ann", "age": 41}


class Place(NamedTuple):
    """Where the server listens: our face of it, OpenAI's, and the key."""

    endpoint: str
    openai: str
    key: str


async def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It is sunny in {city}"


def population(city: str) -> int:
    """Tell how many people live in a city."""
    return len(city) * 100_000


def row(number: int) -> str:
    """Return the question that an awkward answer is given to."""
    return f"What about number {number}?"


def messages(question: str) -> list[dict[str, Any]]:
    """Return a conversation of one question."""
    return [{"role": "user", "content": question}]


def people(size: int) -> dict[str, list[dict[str, Any]]]:
    """Return people whose JSON is of about so many characters."""
    one = {"name": "Ann Lee", "age": 41, "says": 'It\'s "here".\nSo far, at least; more of it on another day.'}
    return {"people": [one] * (size // len(json.dumps(one)))}


def pieces(value: object, share: float) -> list[str]:
    """Return the JSON of a value, as much of it as the share says, in pieces of four characters."""
    text = json.dumps(value)
    return [text[at : at + 4] for at in range(0, round(len(text) * share), 4)]
