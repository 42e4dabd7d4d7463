"""This SDK, and python-imagine-sdk 0.5.0 where that is installed: they have the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine import ChatMessage, ImagineAsyncClient, ImagineClient

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "chat", "chat_blocking", "close", "connect", "connect_blocking",
    "embed", "follow", "stream", "stream_blocking", "stream_unfolded", "upload",
]  # fmt: skip

MESSAGES = [ChatMessage(role="user", content="Hello!")]


def connect(endpoint: str, at_once: int) -> ImagineAsyncClient:
    return ImagineAsyncClient(endpoint, "key", max_concurrent_requests=at_once)


async def close(client: ImagineAsyncClient) -> None:
    await client.close()


async def stream(client: ImagineAsyncClient, events: int) -> int:
    characters = 0
    async for chunk in client.chat_stream(MESSAGES, max_tokens=events):
        characters += len(chunk.choices[0].delta.content or "")
    return characters


async def stream_unfolded(client: ImagineAsyncClient, events: int) -> int:
    characters = 0
    async for chunk in client.chat_stream(MESSAGES, max_tokens=events, fold=False):
        characters += len(chunk.choices[0].delta.content or "")
    return characters


async def follow(client: ImagineAsyncClient, arrived: Callable[[float | None], object]) -> None:
    async for chunk in client.chat_stream(MESSAGES):
        arrived(chunk.created)


async def chat(client: ImagineAsyncClient) -> int:
    answer = await client.chat(MESSAGES)
    return len(answer.choices[0].message.content or "")


async def embed(client: ImagineAsyncClient, texts: int) -> int:
    answer = await client.embeddings(["some text"] * texts)
    return sum(len(vector.embedding) for vector in answer.data)


async def upload(client: ImagineAsyncClient, path: str) -> int:
    answer = await client.transcribe(path)
    return len(answer.text)


def connect_blocking(endpoint: str) -> ImagineClient:
    return ImagineClient(endpoint, "key")


def stream_blocking(client: ImagineClient, events: int) -> int:
    characters = 0
    for chunk in client.chat_stream(MESSAGES, max_tokens=events):
        characters += len(chunk.choices[0].delta.content or "")
    return characters


def chat_blocking(client: ImagineClient) -> int:
    answer = client.chat(MESSAGES)
    return len(answer.choices[0].message.content or "")
