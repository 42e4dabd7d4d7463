"""Both clients behind one manner of speaking, so that a test is written once and runs through each.

A test speaks the async client's language. For the blocking client, its calls run in worker threads.
"""

from __future__ import annotations

import asyncio
import functools

import imagine
from imagine import ImagineAsyncClient


class Blocking:
    """A blocking client, or one of its streams, whose methods are awaited."""

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        if name.endswith("_stream") or name == "with_options":
            return lambda *args, **kwargs: Blocking(found(*args, **kwargs))
        return functools.partial(asyncio.to_thread, found)

    async def aclose(self):
        """Close a stream."""
        await asyncio.to_thread(self._inner.close)

    async def __aenter__(self):
        await asyncio.to_thread(self._inner.__enter__)
        return self

    async def __aexit__(self, *error):
        await asyncio.to_thread(self._inner.__exit__, *error)

    def __aiter__(self):
        return Steps(iter(self._inner))


class Steps:
    """An iterator whose steps are taken in worker threads."""

    END = object()

    def __init__(self, inner):
        self._inner = inner

    def __aiter__(self):
        return self

    async def __anext__(self):
        item = await asyncio.to_thread(next, self._inner, self.END)
        if item is self.END:
            raise StopAsyncIteration
        return item


def behind_face(face, *args, **options):
    """Make a client of one face."""
    client = (imagine.ImagineAsyncClient if face == "async" else imagine.ImagineClient)(*args, **options)
    return client if isinstance(client, ImagineAsyncClient) else Blocking(client)
