"""Request bodies, and ways to read the answers."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientResponse, ClientSession

    from imagine.server import LocalServer

CHAT = {"model": "Llama-3.1-8B", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 6}
CHAT_STREAM = {**CHAT, "stream": True}
COMPLETION = {"model": "Llama-3.1-8B", "prompt": "Once upon", "max_tokens": 4}
EMBEDDING = {"model": "BAAI/bge-large-en-v1.5", "input": ["one", "two"]}
RERANKER = {"model": "BAAI/bge-reranker-base", "query": "cats", "documents": ["dogs", "all about cats", "a cat"]}
TRANSLATION = {"model": "Helsinki-NLP/opus-mt-en-es", "prompt": "Good morning"}
IMAGE = {"model": "sdxl-turbo", "prompt": "a cat", "n": 2, "size": "16x16"}


async def post(session: ClientSession, path: str, body: object, fault: str = "") -> Any:
    """Post a body and return the answer's JSON."""
    async with session.post(path, json=body, headers={"X-Imagine-Fault": fault}) as answer:
        return await answer.json(content_type=None)


def own_words(error: dict[str, Any]) -> dict[str, Any]:
    """Return the body of an error as the service words it, without the member for other clients."""
    return {name: value for name, value in error.items() if name != "error"}


async def get(session: ClientSession, path: str, **query: str) -> Any:
    """Return the JSON of an answer."""
    async with session.get(path, params=query) as answer:
        return await answer.json()


def events(text: str) -> list[Any]:
    """Parse the events of a well-formed stream; the end mark stays a string."""
    assert text.endswith("\n\n")
    payloads = [event.removeprefix("data: ") for event in text.removesuffix("\n\n").split("\n\n")]
    return [payload if payload == "[DONE]" else json.loads(payload) for payload in payloads]


async def stream(session: ClientSession, path: str, body: object) -> list[Any]:
    """Post a body and return the events of the answer."""
    async with session.post(path, json=body) as answer:
        assert answer.content_type == "text/event-stream"
        return events(await answer.text())


async def raw(server: LocalServer, body: object, fault: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Post a chat over a socket of its own, for answers that an HTTP client would not show."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    payload = json.dumps(body).encode()
    head = (
        "POST /apis/v2/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {server.api_key}\r\nX-Imagine-Fault: {fault}\r\nContent-Length: {len(payload)}\r\n\r\n"
    )
    writer.write(head.encode() + payload)
    return reader, writer


async def read_event(answer: ClientResponse) -> bytes:
    """Return the bytes of the next event."""
    return await answer.content.readuntil(b"\n\n")


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something has become true; the test's time limit is the only bound."""
    while not condition():  # noqa: ASYNC110 - the server's thread sets no event of this loop
        await asyncio.sleep(0.005)
