"""Instructor: structured answers in each of its modes."""

from __future__ import annotations

import instructor
from openai import OpenAI
from pydantic import BaseModel
from tried import CHAT, tried


class Trip(BaseModel):
    city: str
    days: int


def trip(mode: str) -> bool:
    client = instructor.from_openai(OpenAI(max_retries=0), mode=instructor.Mode[mode])
    messages = [{"role": "user", "content": 'Two days in "Oslo"'}]
    return (
        client.chat.completions.create(model=CHAT, messages=messages, response_model=Trip, max_retries=0).city == "Oslo"
    )


def partly() -> bool:
    client = instructor.from_openai(OpenAI(max_retries=0))
    messages = [{"role": "user", "content": 'Two days in "Oslo"'}]
    parts = client.chat.completions.create_partial(model=CHAT, messages=messages, response_model=Trip)
    return list(parts)[-1].city == "Oslo"


tried(
    tools=lambda: trip("TOOLS"),
    streams=partly,
    structured=lambda: trip("JSON_SCHEMA"),
    prompted=lambda: trip("JSON"),
)
