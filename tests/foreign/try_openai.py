"""OpenAI's own package."""

from __future__ import annotations

from openai import OpenAI
from pydantic import BaseModel
from tried import CHAT, EMBEDDING, IMAGE, KEY, QUESTION, URL, WEATHER, fails, tried


class Trip(BaseModel):
    city: str
    days: int


client = OpenAI(max_retries=0)
messages = [{"role": "user", "content": QUESTION}]
tool = {"type": "function", "function": {"name": "get_weather", "parameters": WEATHER}}


def ask(content=QUESTION, **options):
    messages = [{"role": "user", "content": content}]
    return client.chat.completions.create(model=CHAT, messages=messages, **options)


def streamed():
    stream = ask(stream=True, max_completion_tokens=8, stream_options={"include_usage": True})
    return [chunk for chunk in stream][-1].usage.completion_tokens == 8


def completion_streamed():
    stream = client.completions.create(model=CHAT, prompt="Once", max_tokens=5, stream=True)
    return "".join(chunk.choices[0].text for chunk in stream)


def parsed():
    messages = [{"role": "user", "content": 'Two days in "Oslo"'}]
    choice = client.chat.completions.parse(model=CHAT, messages=messages, response_format=Trip).choices[0]
    return choice.message.parsed.city == "Oslo"


tried(
    models=lambda: len(client.models.list().data) > 1 and client.models.retrieve(EMBEDDING).id == EMBEDDING,
    chat=lambda: ask(max_completion_tokens=5).choices[0].message.content,
    streams=streamed,
    tools=lambda: ask("Weather in Oslo?", tools=[tool]).choices[0].message.tool_calls[0].function.name == "get_weather",
    structured=parsed,
    images=lambda: ask([{"type": "image_url", "image_url": {"url": IMAGE}}], max_tokens=3).choices,
    completions=lambda: completion_streamed() and client.completions.create(model=CHAT, prompt=["a", "b"]).choices[1],
    embeddings=lambda: len(client.embeddings.create(model=EMBEDDING, input=["a"], dimensions=8).data[0].embedding) == 8,
    speech=lambda: client.audio.transcriptions.create(model="whisper-tiny", file=("a.wav", b"RIFF")).text,
    errors=lambda: fails(OpenAI(base_url=URL, api_key=KEY + "x", max_retries=0).models.list, "AuthenticationError"),
)
