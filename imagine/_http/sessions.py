"""The connections of a client: one aiohttp session for each event loop, made on first use and freed with its loop."""

from __future__ import annotations

import asyncio
import os
import weakref
from typing import TYPE_CHECKING, NamedTuple

from imagine._pacing.clock import Watchdog
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import aiohttp

    from imagine._http.event_source import EventSource

__all__ = ["LoopSession", "Pool"]

_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
_inherited: list[object] = []
"""Sessions of the parent process: never touched and never collected, closing them would break the parent's epoll."""


_closing: set[asyncio.Task[None]] = set()
"""Held, because a loop holds its tasks weakly."""


class LoopSession(NamedTuple):
    """What a client has in one event loop."""

    session: aiohttp.ClientSession
    watchdog: Watchdog
    """Of the time limits that run in this loop."""
    streams: weakref.WeakSet[EventSource]
    """Those that are open, to break them off when the connections are closed."""
    generator: AsyncGenerator[aiohttp.ClientSession, None]


class Pool:
    """The sessions of one client and of those made from it by `with_options`."""

    def __init__(self) -> None:
        self._closed = False
        self._sessions: dict[asyncio.AbstractEventLoop, LoopSession] = {}
        # The registry of finalizers holds the sessions: garbage together with the pool, they would warn of themselves.
        weakref.finalize(self, _close_soon, self._sessions).atexit = False
        _pools.add(self)

    def here(self) -> LoopSession | None:
        """Return what there is in the running loop; None before the first use."""
        if self._closed:
            raise ImagineException("the client was closed while the call was under way")
        held = self._sessions.get(asyncio.get_running_loop())
        return None if held is None or held.session.closed else held

    async def begin(self) -> LoopSession:
        """Make a session for the running loop."""
        self._forget_dead_loops()
        loop = asyncio.get_running_loop()
        streams: weakref.WeakSet[EventSource] = weakref.WeakSet()
        watchdog = Watchdog(loop)
        generator = _hold_session(streams, watchdog)
        held = self._sessions[loop] = LoopSession(await anext(generator), watchdog, streams, generator)
        return held

    def opened(self, stream: EventSource) -> None:
        """Take note of a stream of the running loop, to break it off when its connections are closed."""
        held = self._sessions.get(asyncio.get_running_loop())
        if held is None:  # closed while the stream was being opened
            stream.client_closed()
        else:
            held.streams.add(stream)

    async def close(self) -> None:
        """Close the sessions of every loop that still runs and forget the others."""
        self._closed = True
        sessions = self._sessions.copy()
        self._sessions.clear()
        here = asyncio.get_running_loop()
        for loop, held in sessions.items():
            if loop is here:
                await held.generator.aclose()
            elif loop.is_running():
                await _close_there(held, loop)
            elif loop.is_closed():
                _close_dead(held)

    def _forget_dead_loops(self) -> None:
        for loop in [loop for loop in list(self._sessions) if loop.is_closed()]:
            _close_dead(self._sessions.pop(loop))

    def abandon(self) -> None:
        """Leave the parent's sessions alone, in a forked child."""
        _inherited.append(self._sessions.copy())
        self._sessions.clear()


async def _hold_session(
    streams: weakref.WeakSet[EventSource], watchdog: Watchdog
) -> AsyncGenerator[aiohttp.ClientSession, None]:
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
        watchdog.stop()
        await session.close()


def _make_session() -> aiohttp.ClientSession:
    import aiohttp  # 250 ms: loaded in a thread before the first call

    from imagine._http.connector import Connector

    return aiohttp.ClientSession(
        connector=Connector(),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
    )


async def _close_there(held: LoopSession, loop: asyncio.AbstractEventLoop) -> None:
    """Close a session in another thread's loop, which may end at any moment and take the answer with it."""
    try:
        loop.call_soon_threadsafe(_start_closing, held)
    except RuntimeError:
        return
    while not held.session.closed and loop.is_running():  # noqa: ASYNC110 - a loop that ends notifies nobody
        await asyncio.sleep(0.005)


def _close_soon(sessions: dict[asyncio.AbstractEventLoop, LoopSession]) -> None:
    """Close the sessions of a pool that was dropped, each in its loop."""
    for loop, held in sessions.items():
        if loop.is_closed():
            _close_dead(held)
        else:
            loop.call_soon_threadsafe(_start_closing, held)


def _start_closing(held: LoopSession) -> None:
    closing = asyncio.ensure_future(_close(held))
    _closing.add(closing)
    closing.add_done_callback(_closing.discard)


async def _close(held: LoopSession) -> None:
    await held.generator.aclose()


def _close_dead(held: LoopSession) -> None:
    """Close a session whose loop is closed: nothing is left to await, so its coroutine ends in one step."""
    try:
        held.generator.aclose().send(None)
    except StopIteration:
        return


def _after_fork() -> None:
    for pool in _pools:
        pool.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
