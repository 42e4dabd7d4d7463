"""The mistralai SDK."""

from __future__ import annotations

from mistralai.client import Mistral
from mistralai.client.models import UserMessage

__all__ = ["chat", "chat_blocking", "close", "connect", "connect_blocking", "embed", "stream", "stream_blocking"]

MODEL = "Llama-3.1-8B"
MESSAGES = [UserMessage(content="Hello!")]


def connect(endpoint: str, at_once: int) -> Mistral:
    del at_once  # the pool below it takes 100
    return Mistral(api_key="key", server_url=endpoint)


async def close(client: Mistral) -> None:
    await client.__aexit__(None, None, None)


async def stream(client: Mistral, events: int) -> int:
    characters = 0
    async for event in await client.chat.stream_async(messages=MESSAGES, model=MODEL, max_tokens=events):
        characters += len(event.data.choices[0].delta.content or "")
    return characters


async def chat(client: Mistral) -> int:
    answer = await client.chat.complete_async(messages=MESSAGES, model=MODEL)
    return len(answer.choices[0].message.content or "")


async def embed(client: Mistral, texts: int) -> int:
    answer = await client.embeddings.create_async(inputs=["some text"] * texts, model="BAAI/bge-large-en-v1.5")
    return sum(len(vector.embedding or []) for vector in answer.data)


def connect_blocking(endpoint: str) -> Mistral:
    return Mistral(api_key="key", server_url=endpoint)


def stream_blocking(client: Mistral, events: int) -> int:
    characters = 0
    for event in client.chat.stream(messages=MESSAGES, model=MODEL, max_tokens=events):
        characters += len(event.data.choices[0].delta.content or "")
    return characters


def chat_blocking(client: Mistral) -> int:
    answer = client.chat.complete(messages=MESSAGES, model=MODEL)
    return len(answer.choices[0].message.content or "")
