"""The connections of a client: one aiohttp session for each event loop, made on first use and freed with its loop."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import warnings
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from imagine._log import log
from imagine._pacing.clock import Watchdog
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine, Mapping
    from types import AsyncGeneratorType

    import aiohttp

    from imagine._http.event_source import EventSource

__all__ = ["CLOSE_SECONDS", "LoopSession", "Pool"]

HEAD_BYTES = 64 * 1024
"""The longest line of an answer's head, and the longest header; some services send policies of many KiB."""

CLOSE_SECONDS = 2.0
"""How long `close` waits for other threads, which may be stuck in somebody's code."""

_pools: weakref.WeakSet[Pool] = weakref.WeakSet()
_inherited: list[object] = []
"""Sessions of the parent process: never touched and never collected, closing them would break the parent's epoll."""
_closing: dict[LoopSession, asyncio.Task[None]] = {}
"""Held until they are closed: a loop holds its tasks weakly, and its end closes only what somebody holds."""


class LoopSession:
    """What a client has in one event loop."""

    __slots__ = ("_closed", "_end_of_loop", "loop", "session", "streams", "watchdog")

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.session = _make_session()
        self.watchdog = Watchdog(self.loop)
        """Of the time limits that run in this loop."""
        self.streams: weakref.WeakSet[EventSource] = weakref.WeakSet()
        """Those that are open, to break them off when the connections are closed."""
        self._closed = asyncio.Event()
        self._end_of_loop = cast("AsyncGeneratorType[None, None]", _at_end_of_loop(self))

    @property
    def is_open(self) -> bool:
        """Whether it may hold connections: it is not closed, and neither is its loop."""
        return not (self.session.closed or self.loop.is_closed())

    async def open(self) -> None:
        """Let the loop close it at its end."""
        await anext(self._end_of_loop)

    async def close(self) -> None:
        """Close it, in its loop; who comes second waits for the first."""
        if self.session.closed:
            await self._closed.wait()
            return
        try:
            for stream in list(self.streams):
                stream.client_closed()
            self.watchdog.stop()
            await self.session.close()
        finally:
            self._closed.set()
        self._leave_loop()

    def _leave_loop(self) -> None:
        """End the generator, now that it has nothing to do; dropped, it would cost the loop a task."""
        _closing.pop(self, None)
        if not self._end_of_loop.ag_running:
            _in_one_step(self._end_of_loop.aclose())


class Pool:
    """The sessions of one client and of those made from it by `with_options`."""

    def __init__(self, client: str | None) -> None:
        """Make a pool for a client, which is shown to people like this; None where nobody has to close it."""
        self._closed = False
        self._sessions: dict[asyncio.AbstractEventLoop, LoopSession] = {}
        # The registry of finalizers holds the sessions: garbage together with the pool, they would warn of themselves.
        weakref.finalize(self, _close_unclosed, self._sessions, client).atexit = False
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
        held = LoopSession()
        await held.open()
        self._sessions[held.loop] = held
        return held

    def opened(self, stream: EventSource) -> None:
        """Take note of a stream of the running loop, to break it off when its connections are closed."""
        held = self._sessions.get(asyncio.get_running_loop())
        if held is None:  # closed while the stream was being opened
            stream.client_closed()
        else:
            held.streams.add(stream)

    async def close(self) -> None:
        """Close the sessions of all loops; of another thread's loop that is stuck, once it goes on."""
        self._closed = True
        elsewhere = self._sessions.copy()
        self._sessions.clear()
        here = elsewhere.pop(asyncio.get_running_loop(), None)
        _close_soon(elsewhere)
        if here is not None:
            await here.close()
        await _wait_for_others(elsewhere)

    def _forget_dead_loops(self) -> None:
        for loop in [loop for loop in list(self._sessions) if loop.is_closed()]:
            if held := self._sessions.pop(loop, None):  # unless another thread did it
                _close_dead(held)

    def abandon(self) -> None:
        """Leave the parent's sessions alone, in a forked child."""
        _inherited.append(self._sessions.copy())
        self._sessions.clear()


async def _at_end_of_loop(held: LoopSession) -> AsyncGenerator[None, None]:
    """Close a session when its loop ends.

    A generator, because a loop closes the asynchronous generators started in it when it ends (`shutdown_asyncgens`); a
    session offers no such way of its own.
    """
    try:
        yield
    finally:
        await held.close()


def _make_session() -> aiohttp.ClientSession:
    import aiohttp  # 250 ms: loaded in a thread before the first call

    from imagine._http.connector import Connector

    return aiohttp.ClientSession(
        auto_decompress=False,  # `compression` does it
        connector=Connector(),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None),
    )


def _close_unclosed(sessions: Mapping[asyncio.AbstractEventLoop, LoopSession], client: str | None) -> None:
    """Close the sessions of a pool that was dropped, and warn where they were still in use."""
    try:
        if client and any(held.is_open for held in sessions.values()) and not sys.is_finalizing():
            warnings.warn(f"unclosed {client}", ResourceWarning, stacklevel=1, source=sessions)
    finally:
        _close_soon(sessions)


def _close_soon(sessions: Mapping[asyncio.AbstractEventLoop, LoopSession]) -> None:
    """Close sessions, each in its loop."""
    for loop, held in sessions.items():
        try:
            loop.call_soon_threadsafe(_start_closing, held)
        except RuntimeError:  # the loop is closed
            _close_dead(held)


def _start_closing(held: LoopSession) -> None:
    for other in [other for other in list(_closing) if other.loop.is_closed()]:
        _closing.pop(other, None)
    if not held.session.closed:
        _closing[held] = held.loop.create_task(held.close())


def _close_dead(held: LoopSession) -> None:
    """Close a session whose loop is closed: nothing is left to await."""
    if not held.session.closed:
        _in_one_step(held.close())


def _in_one_step(coroutine: Coroutine[object, None, None]) -> None:
    """Run what has nothing to wait for."""
    with suppress(StopIteration):
        coroutine.send(None)


async def _wait_for_others(sessions: Mapping[asyncio.AbstractEventLoop, LoopSession]) -> None:
    """Wait until other threads' loops, each of which may end at any moment, have closed their sessions."""
    patience_ends = time.monotonic() + CLOSE_SECONDS
    while any(held.is_open and loop.is_running() for loop, held in sessions.items()):
        if time.monotonic() > patience_ends:
            log.warning(
                "an event loop of another thread is stuck: the client's connections there close once it goes on"
            )
            return
        await asyncio.sleep(0.005)  # a loop that ends notifies nobody


def _after_fork() -> None:
    for pool in _pools:
        pool.abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
