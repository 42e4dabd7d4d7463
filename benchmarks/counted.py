"""The worker of `instructions.py`: reads lengths from standard input, does its work at each, says when it is done."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from benchmarks.clients import CLIENTS

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["main"]

Work = Callable[[int], object]


async def stream(api: ModuleType, client: object, events: int) -> None:
    """Read one stream."""
    await api.stream(client, events)


async def streams(api: ModuleType, client: object, times: int) -> None:
    """Open streams of two events, each in a read of its own."""
    for _ in range(times):
        await api.stream(client, 2)


async def chat(api: ModuleType, client: object, times: int) -> None:
    """Ask for chat answers."""
    for _ in range(times):
        await api.chat(client)


async def embed(api: ModuleType, client: object, times: int) -> None:
    """Ask for embeddings of 256 texts."""
    for _ in range(times):
        await api.embed(client, 256)


AWAITED = {"stream": stream, "streams": streams, "chat": chat, "embed": embed}


def in_loop(api: ModuleType, endpoint: str, work: Callable[[ModuleType, Any, int], Awaitable[None]]) -> Work:
    """Return work that is awaited, at all lengths in the same loop and with the same client."""
    runner = asyncio.Runner()

    async def connect() -> object:
        return api.connect(endpoint, 64)

    async def do(length: int) -> None:
        await work(api, client, length)

    client = runner.run(connect())
    return lambda length: runner.run(do(length))


def blocking_chats(api: ModuleType, endpoint: str) -> Work:
    """Return work that asks for chat answers without await."""
    client = api.connect_blocking(endpoint)

    def ask(times: int) -> None:
        for _ in range(times):
            api.chat_blocking(client)

    return ask


def main(name: str, endpoint: str, client: str) -> None:
    """Work until standard input ends."""
    api = import_module(f"benchmarks.clients.{CLIENTS[client].module}")
    work = blocking_chats(api, endpoint) if name == "blocking_chat" else in_loop(api, endpoint, AWAITED[name])
    for line in sys.stdin:
        work(int(line))
        print("done", flush=True)
    os._exit(0)  # what is open is closed with the process; nobody counts that
