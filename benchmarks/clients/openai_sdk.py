"""The openai SDK."""

from __future__ import annotations

from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionUserMessageParam

__all__ = ["chat", "chat_blocking", "close", "connect", "connect_blocking", "embed", "stream", "stream_blocking"]

MODEL = "Llama-3.1-8B"
MESSAGES = [ChatCompletionUserMessageParam(role="user", content="Hello!")]


def connect(endpoint: str, at_once: int) -> AsyncOpenAI:
    del at_once  # its pool takes 1,000
    return AsyncOpenAI(base_url=endpoint, api_key="key")


async def close(client: AsyncOpenAI) -> None:
    await client.close()


async def stream(client: AsyncOpenAI, events: int) -> int:
    characters = 0
    async for chunk in await client.chat.completions.create(
        messages=MESSAGES, model=MODEL, max_tokens=events, stream=True
    ):
        characters += len(chunk.choices[0].delta.content or "")
    return characters


async def chat(client: AsyncOpenAI) -> int:
    answer = await client.chat.completions.create(messages=MESSAGES, model=MODEL)
    return len(answer.choices[0].message.content or "")


async def embed(client: AsyncOpenAI, texts: int) -> int:
    # Its default is base64, which a plain server does not speak: the same bytes for all are floats.
    answer = await client.embeddings.create(
        input=["some text"] * texts, model="BAAI/bge-large-en-v1.5", encoding_format="float"
    )
    return sum(len(vector.embedding) for vector in answer.data)


def connect_blocking(endpoint: str) -> OpenAI:
    return OpenAI(base_url=endpoint, api_key="key")


def stream_blocking(client: OpenAI, events: int) -> int:
    characters = 0
    for chunk in client.chat.completions.create(messages=MESSAGES, model=MODEL, max_tokens=events, stream=True):
        characters += len(chunk.choices[0].delta.content or "")
    return characters


def chat_blocking(client: OpenAI) -> int:
    answer = client.chat.completions.create(messages=MESSAGES, model=MODEL)
    return len(answer.choices[0].message.content or "")
