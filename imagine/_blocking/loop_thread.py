"""The thread that runs the event loop behind code that blocks: one for the process, started on first use.

It is a daemon, and nobody waits for it without a bound: a stream may be under way when the interpreter ends. A forked
child leaves the inherited one alone, for closing it would break the parent's, and starts its own.
"""

from __future__ import annotations

import _thread
import asyncio
import atexit
import contextvars
import os
import threading
from concurrent.futures import Future
from importlib import import_module
from importlib.util import find_spec
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, NoReturn, TypeVar

from imagine._blocking.portal import Portal
from imagine._first_use import first_use
from imagine._threads import DaemonThreads
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["LoopThread", "call_soon", "call_within", "loop_thread"]

T = TypeVar("T")

EXIT_SECONDS = 1.0
"""How long the end of the interpreter waits for connections to close."""


class LoopThread:
    """A thread with a loop and the portal into it."""

    def __init__(self) -> None:
        self.runs = False
        """Whether it takes calls. Not `is_alive()`: interrupted, that takes a running thread for one that has ended."""
        self.portal: Portal | None = None
        """None until the loop runs."""
        self._opened: Future[Portal] = Future()
        self._ended = threading.Event()
        # In a context of its own: what the first caller has set in its own is not for all later ones.
        self._thread = threading.Thread(
            target=contextvars.Context().run, args=(self._run,), name="imagine-portal", daemon=True
        )

    def start(self) -> None:
        """Start the thread; ImagineException where there can be none."""
        try:
            self.runs = True
            self._thread.start()
        except BaseException as error:
            if self._opened.cancel():  # before its first step, and so it takes none; else only the wait was interrupted
                self.runs = False
            if isinstance(error, RuntimeError):
                raise ImagineException(f"no thread could be started to make calls in: {error}") from error
            raise

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Await a function in the loop, and return or raise what comes of it."""
        try:
            return (self.portal or self._wait_for_portal()).call(function)
        finally:
            if _exiting:
                _refuse_at_exit()

    def stop(self) -> None:
        """Cancel what is under way, close the connections and end, as far as a moment allows."""
        if self.portal is not None:
            self.portal.stop_soon()
            self._ended.wait(EXIT_SECONDS)

    def _wait_for_portal(self) -> Portal:
        if self._thread is threading.current_thread():
            raise ImagineException(
                "a blocking call from a finalizer, on the thread that serves all calls, would wait for itself"
            )
        return self._opened.result()

    def _run(self) -> None:
        if self._opened.set_running_or_notify_cancel():
            try:
                self._serve()
            finally:
                self.runs = False
                self._ended.set()

    def _serve(self) -> None:
        import anyio

        try:
            anyio.run(self._live, backend_options={"use_uvloop": _uses_uvloop()})
        except BaseException as error:
            if not self._opened.done():
                failure = ImagineException(f"no event loop could be started: {error}")
                failure.__cause__ = error
                self._opened.set_exception(failure)
            elif not _exiting:  # when the loop cannot even start the thread any more in which it ends its executor
                raise

    async def _live(self) -> None:
        from anyio.from_thread import BlockingPortal

        asyncio.get_running_loop().set_default_executor(DaemonThreads())
        async with BlockingPortal() as anyio_portal:
            self.portal = Portal(anyio_portal)
            self._opened.set_result(self.portal)
            await anyio_portal.sleep_until_stopped()


def _uses_uvloop() -> bool:
    """Tell whether the faster loop of the extra `speedups` is there, and fits.

    Under the patches of gevent, and its like, threads are greenlets of one thread, which a loop that waits in C stops.
    """
    threads_are_threads = isinstance(_thread.start_new_thread, BuiltinFunctionType)
    return threads_are_threads and find_spec("uvloop") is not None


_current: LoopThread | None = None
_inherited: list[LoopThread] = []
"""Those of the parent process: never touched and never collected."""
_starting = threading.Lock()
_exiting = False


def loop_thread() -> LoopThread:
    """Return the loop's thread of this process, started if need be."""
    if _exiting:
        _refuse_at_exit()
    if _current is None or not _current.runs:
        return _start()
    return _current


def _start() -> LoopThread:
    """Start the loop's thread, unless another thread does."""
    global _current
    with first_use():
        import_module("anyio.from_thread")  # 50 ms, in the thread that waits anyway
        with _starting:
            if _current is None or not _current.runs:
                _current = LoopThread()
                _current.start()
            return _current


def call_within(seconds: float, function: Callable[[], Awaitable[None]]) -> None:
    """Await a function in the loop, for so long; not at all, where there is no loop."""
    if not _exiting and (portal := _portal()):
        portal.call_within(seconds, function)


def call_soon(callback: Callable[[], object]) -> None:
    """Have a function called in the loop, soon; here and now, where there is no loop."""
    if portal := _portal():
        portal.call_soon(callback)
    else:
        callback()


def _portal() -> Portal | None:
    return _current.portal if _current is not None and _current.runs else None


def _refuse_at_exit() -> NoReturn:
    """Keep a thread off what the interpreter is taking down; a daemon thread waits here until it is ended with it."""
    while threading.current_thread().daemon:
        threading.Event().wait()
    raise ImagineException("the interpreter is ending: no call can be made any more")


def _at_exit() -> None:
    global _exiting
    _exiting = True
    if _current is not None and _current.runs:
        _current.stop()


def _after_fork() -> None:
    global _current, _starting
    if _current is not None:
        _inherited.append(_current)
    _current, _starting = None, threading.Lock()


atexit.register(_at_exit)  # while this is imported, so that it runs after whatever users register
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
