"""The floor: aiohttp and msgspec with nothing between, no checks, no clocks, no folding."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import aiohttp
import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["chat", "close", "connect", "embed", "follow", "stream", "upload"]

MODEL = "Llama-3.1-8B"
HEADERS = {"Authorization": "Bearer key", "Content-Type": "application/json"}


class Message(msgspec.Struct, gc=False):
    """A message, or a piece of one."""

    role: str | None = None
    content: str | None = None


class Choice(msgspec.Struct, gc=False):
    """A choice of an answer."""

    index: int
    message: Message
    finish_reason: str | None = None


class StreamChoice(msgspec.Struct, gc=False):
    """A choice of a chunk."""

    index: int
    delta: Message
    finish_reason: str | None = None


class Usage(msgspec.Struct, gc=False):
    """Tokens."""

    prompt_tokens: int
    total_tokens: int
    completion_tokens: int


class Answer(msgspec.Struct, gc=False):
    """A chat answer."""

    id: str
    object: str
    created: float
    model: str
    choices: list[Choice]
    usage: Usage | None = None


class Chunk(msgspec.Struct, gc=False):
    """A chunk of a chat stream."""

    id: str
    object: str
    created: float
    model: str
    choices: list[StreamChoice]
    usage: Usage | None = None


class Embedding(msgspec.Struct, gc=False):
    """A vector."""

    object: str
    embedding: list[float]
    index: int


class Embeddings(msgspec.Struct, gc=False):
    """Vectors."""

    id: str
    object: str
    data: list[Embedding]
    model: str
    usage: Usage | None = None


class Transcription(msgspec.Struct, gc=False):
    """A text."""

    id: str
    text: str


decode_answer = msgspec.json.Decoder(Answer).decode
decode_chunk = msgspec.json.Decoder(Chunk).decode
decode_embeddings = msgspec.json.Decoder(Embeddings).decode
decode_transcription = msgspec.json.Decoder(Transcription).decode


class Floor(NamedTuple):
    """A session and where it sends to."""

    session: aiohttp.ClientSession
    endpoint: str


def connect(endpoint: str, at_once: int) -> Floor:
    connector = aiohttp.TCPConnector(limit=at_once)
    return Floor(aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)), endpoint)


async def close(client: Floor) -> None:
    await client.session.close()


async def stream(client: Floor, events: int) -> int:
    characters = 0
    async for chunks in _reads(client, events):
        for chunk in chunks:
            characters += len(chunk.choices[0].delta.content or "")
    return characters


async def follow(client: Floor, arrived: Callable[[float], object]) -> None:
    async for chunks in _reads(client, 0):
        for chunk in chunks:
            arrived(chunk.created)


async def chat(client: Floor) -> int:
    async with client.session.post(f"{client.endpoint}/chat/completions", data=_chat(), headers=HEADERS) as response:
        answer = decode_answer(await response.read())
    return len(answer.choices[0].message.content or "")


async def embed(client: Floor, texts: int) -> int:
    body = msgspec.json.encode({"model": "BAAI/bge-large-en-v1.5", "input": ["some text"] * texts})
    async with client.session.post(f"{client.endpoint}/embeddings", data=body, headers=HEADERS) as response:
        answer = decode_embeddings(await response.read())
    return sum(len(vector.embedding) for vector in answer.data)


async def upload(client: Floor, path: str) -> int:
    with open(path, "rb") as file:  # noqa: ASYNC230 - as the documentation of aiohttp does it
        form = aiohttp.FormData({"model": "whisper-tiny", "file": file})
        async with client.session.post(f"{client.endpoint}/transcribe", data=form) as response:
            return len(decode_transcription(await response.read()).text)


async def _reads(client: Floor, events: int) -> AsyncIterator[list[Chunk]]:
    """Yield the chunks of each network read."""
    body = _chat(stream=True, max_tokens=events)
    pieces: list[bytes] = []
    async with client.session.post(f"{client.endpoint}/chat/completions", data=body, headers=HEADERS) as response:
        while data := await response.content.readany():
            pieces.append(data)
            if b"\n" in data:
                *payloads, tail = b"".join(pieces).split(b"\n\n")
                pieces = [tail]
                yield [decode_chunk(payload[6:]) for payload in payloads if payload != b"data: [DONE]"]


def _chat(**options: object) -> bytes:
    messages = [{"role": "user", "content": "Hello!"}]
    return msgspec.json.encode({"messages": messages, "model": MODEL, **options})
