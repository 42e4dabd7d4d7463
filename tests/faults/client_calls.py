"""What is asked of a client while a fault is played: one call, or several of which the last one counts."""

from __future__ import annotations

import asyncio
import functools
import io
from contextlib import suppress

from support.clients import HELLO

from faults.outcome import MAX_TOKENS, Seen
from imagine import ImagineAPITooManyRequestsException

MEGABYTES = 5


async def chat(client, seen, **options):
    """Ask for a whole answer."""
    seen.answers.append(await client.chat(HELLO, **{"max_tokens": MAX_TOKENS, **options}))


async def stream(client, seen, *, pause=0.0, **options):
    """Ask for a stream, and take a pause after its first chunk."""
    answer = client.chat_stream(HELLO, max_tokens=MAX_TOKENS, **options)
    async for chunk in answer:
        seen.chunks.append(chunk)
        await asyncio.sleep(pause)
        pause = 0.0
    seen.answers.append(await answer.final())


BOTH = (chat, stream)


def second(ask, after=0.0):
    """Ask again, so many seconds after a good answer."""

    @functools.wraps(ask)
    async def asked(client, seen, **options):
        await client.chat(HELLO, max_tokens=MAX_TOKENS)
        await asyncio.sleep(after)
        await ask(client, seen, **options)

    return asked


def beside_stream(ask):
    """Ask while a stream is open."""

    @functools.wraps(ask)
    async def asked(client, seen, **options):
        async with client.chat_stream(HELLO) as held:
            await anext(aiter(held))
            await ask(client, seen, **options)

    return asked


def look(name):
    """Ask a route that costs nothing."""

    async def looked(client, seen, **options):
        seen.answers.append(await getattr(client, name)(**options))

    return looked


LOOKS = [*map(look, ("ping", "health_check", "usage", "get_available_models"))]


async def embed(client, seen, **options):
    """Ask for the vectors of three texts."""
    seen.answers.append(await client.embeddings(["one", "two", "three"], **options))


async def rerank(client, seen, **options):
    """Ask for the order of three documents."""
    seen.answers.append(await client.reranker("cats", ["cats and dogs", "all about cats", "cats"], top_n=3, **options))


async def upload(client, seen, **options):
    """Send a file of megabytes."""
    seen.answers.append(await client.transcribe(io.BytesIO(bytes(MEGABYTES * 10**6)), **options))


async def upload_shrinking(client, seen, **options):
    """Send a file of which half has gone when it is read."""
    seen.answers.append(await client.transcribe(Shrinking(bytes(MEGABYTES * 10**6)), **options))


class Shrinking(io.BytesIO):
    """A file that is cut to half its length once somebody reads it."""

    def read(self, size=-1, /):
        self.truncate(MEGABYTES * 10**6 // 2)
        return super().read(size)


def refused_before(refused, ask):
    """Ask after a call that the service has refused with a 429."""

    @functools.wraps(ask)
    async def asked(client, seen, **options):
        with suppress(ImagineAPITooManyRequestsException):
            await refused(client, Seen())
        await ask(client, seen, **options)

    return asked


def large(ask):
    """Ask with a body of megabytes."""
    return functools.partial(ask, extra_body={"padding": "x" * MEGABYTES * 10**6})


async def burst(client, seen, **options):
    """Ask for five whole answers at once."""
    await asyncio.gather(*(chat(client, seen, **options) for _ in range(5)))
