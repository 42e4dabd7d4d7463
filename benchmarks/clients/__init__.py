"""The SDKs that are measured, each behind the same few functions.

A module has some of these; `connect` is called in the loop that the client is used in:

    connect(endpoint, at_once)         a client that may have so many calls under way
    stream(client, events) -> int      characters of a chat stream of `events` events
    chat(client) -> int                characters of one chat answer
    embed(client, texts) -> int        numbers in the embeddings of so many texts
    connect_blocking, stream_blocking, chat_blocking     the same without await
    follow(client, arrived)            calls arrived(created) for each event of a stream, for ever
    upload(client, path)               characters of a transcription
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CLIENTS", "Client"]


class Client(NamedTuple):
    """An SDK that is measured."""

    title: str
    module: str
    requirement: str | None = None
    """What its own virtual environment gets, "." being this repository; None for what runs in ours."""


CLIENTS = {
    "ours": Client("imagine-aio", "imagine_sdk"),
    "speedups": Client("imagine-aio[speedups]", "imagine_sdk", ".[speedups]"),
    "floor": Client("floor", "floor"),
    "asyncio": Client("asyncio alone", "asyncio_alone"),
    "incumbent": Client("python-imagine-sdk 0.5.0", "imagine_sdk", "python-imagine-sdk==0.5.0"),
    "openai": Client("openai 3.54.0", "openai_sdk", "openai==3.54.0"),
    "mistralai": Client("mistralai 3.7.0", "mistral_sdk", "mistralai==3.7.0"),
}
