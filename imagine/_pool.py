"""The connections of a client: one aiohttp session for each event loop, made on first use and freed with its loop."""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import TYPE_CHECKING, NamedTuple

from imagine._clock import Watch
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import aiohttp

    from imagine._feed import Feed

__all__ = ["Life", "Pool"]

_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
_inherited: list[object] = []
"""Sessions of the parent process: never touched and never collected, closing them would break the parent's epoll."""


_closing: set[asyncio.Task[None]] = set()
"""Held, because a loop holds its tasks weakly."""


class Life(NamedTuple):
    """What a client has in one event loop."""

    loop: asyncio.AbstractEventLoop
    session: aiohttp.ClientSession
    watch: Watch
    """Of the limits of time that run in this loop."""
    streams: weakref.WeakSet[Feed]
    """Those that are open, to break them off when the connections are closed."""
    generator: AsyncGenerator[aiohttp.ClientSession, None]


class Pool:
    """The sessions of one client and of those made from it by `with_options`."""

    def __init__(self) -> None:
        self._closed = False
        self._lives: dict[asyncio.AbstractEventLoop, Life] = {}
        # The registry of finalizers holds the sessions: garbage together with the pool, they would warn of themselves.
        weakref.finalize(self, _close_soon, self._lives).atexit = False
        _pools.add(self)

    def here(self) -> Life | None:
        """Return what there is in the running loop; None before the first use."""
        if self._closed:
            raise ImagineException("the client was closed while the call was under way")
        life = self._lives.get(asyncio.get_running_loop())
        return None if life is None or life.session.closed else life

    async def begin(self) -> Life:
        """Make a session for the running loop."""
        self._forget_dead_loops()
        loop = asyncio.get_running_loop()
        streams: weakref.WeakSet[Feed] = weakref.WeakSet()
        watch = Watch(loop)
        generator = _live(streams, watch)
        life = self._lives[loop] = Life(loop, await anext(generator), watch, streams, generator)
        return life

    def opened(self, stream: Feed) -> None:
        """Take note of a stream of the running loop, to break it off when its connections are closed."""
        life = self._lives.get(asyncio.get_running_loop())
        if life is None:  # closed while the stream was being opened
            stream.client_closed()
        else:
            life.streams.add(stream)

    async def close(self) -> None:
        """Close the sessions of every loop that still runs and forget the others."""
        self._closed = True
        lives = self._lives.copy()
        self._lives.clear()
        here = asyncio.get_running_loop()
        for loop, life in lives.items():
            if loop is here:
                await life.generator.aclose()
            elif loop.is_running():
                await _close_there(life, loop)
            elif loop.is_closed():
                _bury(life)

    def _forget_dead_loops(self) -> None:
        for loop in [loop for loop in list(self._lives) if loop.is_closed()]:
            _bury(self._lives.pop(loop))

    def abandon(self) -> None:
        """Leave the parent's sessions alone, in a forked child."""
        _inherited.append(self._lives.copy())
        self._lives.clear()


async def _live(streams: weakref.WeakSet[Feed], watch: Watch) -> AsyncGenerator[aiohttp.ClientSession, None]:
    """Hold a session for as long as the loop lives.

    A generator, because a loop closes the asynchronous generators started in it when it ends (`shutdown_asyncgens`),
    and when the last reference to one is dropped; a session offers no such way of its own.
    """
    session = _make_session()
    try:
        yield session
    finally:
        for stream in list(streams):
            stream.client_closed()
        watch.stop()
        await session.close()


def _make_session() -> aiohttp.ClientSession:
    import aiohttp  # 250 ms: loaded in a thread before the first call

    from imagine._sending import Connector

    return aiohttp.ClientSession(
        connector=Connector(),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
    )


async def _close_there(life: Life, loop: asyncio.AbstractEventLoop) -> None:
    """Close a session in another thread's loop, which may end at any moment and take the answer with it."""
    try:
        loop.call_soon_threadsafe(_start_closing, life)
    except RuntimeError:
        return
    while not life.session.closed and loop.is_running():  # noqa: ASYNC110 - a loop that ends tells nobody
        await asyncio.sleep(0.005)


def _close_soon(lives: dict[asyncio.AbstractEventLoop, Life]) -> None:
    """Close the sessions of a pool that was dropped, each in its loop."""
    for loop, life in lives.items():
        if loop.is_closed():
            _bury(life)
        else:
            loop.call_soon_threadsafe(_start_closing, life)


def _start_closing(life: Life) -> None:
    closing = asyncio.ensure_future(_close(life))
    _closing.add(closing)
    closing.add_done_callback(_closing.discard)


async def _close(life: Life) -> None:
    await life.generator.aclose()


def _bury(life: Life) -> None:
    """Close a session whose loop is closed: nothing is left to await, so its coroutine ends in one step."""
    try:
        life.generator.aclose().send(None)
    except StopIteration:
        return


def _after_fork() -> None:
    for pool in _pools:
        pool.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
