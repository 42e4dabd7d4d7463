"""Asyncio-first client SDK for the Imagine inference service.

    from imagine import ChatMessage, ImagineAsyncClient

    async with ImagineAsyncClient(endpoint, api_key) as client:
        async for chunk in client.chat_stream([ChatMessage(role="user", content="Hello!")]):
            print(chunk.first_content or "", end="")

Names are imported when they are first asked for: `import imagine` alone loads neither aiohttp nor anyio nor tenacity.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from imagine import exceptions, types

if TYPE_CHECKING:
    from imagine._call import Attempt, CallInfo, RawResponse
    from imagine._ratelimit import RateLimit
    from imagine._time import Timeout
    from imagine.async_client import ImagineAsyncClient
    from imagine.client import ImagineClient
    from imagine.exceptions import *  # noqa: F403
    from imagine.streaming import AsyncStream, Stream
    from imagine.types import *  # noqa: F403

__version__ = "0.1.0"

_HOMES = {
    "AsyncStream": "imagine.streaming",
    "Attempt": "imagine._call",
    "CallInfo": "imagine._call",
    "ImagineAsyncClient": "imagine.async_client",
    "ImagineClient": "imagine.client",
    "RateLimit": "imagine._ratelimit",
    "RawResponse": "imagine._call",
    "Stream": "imagine.streaming",
    "Timeout": "imagine._time",
    **dict.fromkeys(exceptions.__all__, "imagine.exceptions"),
    **dict.fromkeys(types.__all__, "imagine.types"),
}

__all__ = ["__version__", *sorted(_HOMES)]


def __dir__() -> list[str]:
    return __all__


if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(home), name))
