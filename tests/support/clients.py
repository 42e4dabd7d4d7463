"""Both clients behind one manner of speaking, so that a test is written once and runs through each.

A test speaks the async client's language. For the blocking client, its calls run in worker threads.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import itertools
from concurrent.futures import ThreadPoolExecutor

import imagine
from imagine import ImagineAsyncClient

HELLO = [{"role": "user", "content": "How do networks work?"}]

THREADS = ThreadPoolExecutor(256)


async def in_thread(function, *args, **kwargs):
    """Call a function in a thread, of which there are enough for a burst."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, functools.partial(function, *args, **kwargs))


class Blocking:
    """A blocking client, or one of its streams, whose methods are awaited."""

    NEVER_AWAITED = ("raw", "save", "window")
    LIVE = ("with_options", "run_tools", "conversation", "load_conversation", "fork")

    def __init__(self, inner):
        self._inner = inner

    def __getattr__(self, name):
        found = getattr(self._inner, name)
        if not callable(found) or name in self.NEVER_AWAITED:
            return found
        if name.endswith("_stream") or name in self.LIVE:
            return lambda *args, **kwargs: Blocking(found(*args, **kwargs))
        return functools.partial(in_thread, found)

    async def aclose(self):
        """Close a stream."""
        await in_thread(self._inner.close)

    async def __aenter__(self):
        await in_thread(self._inner.__enter__)
        return self

    async def __aexit__(self, *error):
        await in_thread(self._inner.__exit__, *error)

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
        item = await in_thread(next, self._inner, self.END)
        if item is self.END:
            raise StopAsyncIteration
        return item


def behind_face(face, *args, **options):
    """Make a client of one face."""
    client = (imagine.ImagineAsyncClient if face == "async" else imagine.ImagineClient)(*args, **options)
    return client if isinstance(client, ImagineAsyncClient) else Blocking(client)


async def until(condition):
    """Wait until something that happens on its own has happened."""
    async with asyncio.timeout(30):  # long enough for a busy machine
        looks = itertools.count(1)
        while not condition():
            if next(looks) % 8 == 0:  # some wait for what is freed, and to collect takes longer than most have to wait
                gc.collect()
            await asyncio.sleep(0.005)
