"""The thread that runs the event loop behind code that blocks: one for the process, started on first use.

It is a daemon, and nobody waits for it without a bound: a stream may be under way when the interpreter ends. A forked
child leaves the inherited one alone, for closing it would break the parent's, and starts its own.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import threading
from concurrent.futures import Future
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NoReturn, TypeVar

from imagine._blocking.portal import Portal
from imagine._blocking.workers import DaemonThreads
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["LoopThread", "call_soon", "loop_thread", "runs"]

T = TypeVar("T")

EXIT_SECONDS = 0.2
"""How long the end of the interpreter waits for connections to close."""


class LoopThread:
    """A thread with a loop and the portal into it."""

    def __init__(self) -> None:
        import_module("anyio.from_thread")  # 50 ms, in the thread that waits anyway
        self._opened: Future[Portal] = Future()
        # In a context of its own: what the first caller has set in its own is not for all later ones.
        self._thread = threading.Thread(
            target=contextvars.Context().run, args=(self._run,), name="imagine-portal", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError as error:
            raise ImagineException(f"no thread could be started to make calls in: {error}") from error

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._thread.is_alive()

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Await a function in the loop, and return or raise what comes of it."""
        try:
            return self._opened.result().call(function)
        finally:
            if _exiting:
                _refuse_at_exit()

    def call_or_start(self, function: Callable[[], Awaitable[None]]) -> None:
        """Await a function in the loop; the loop's own thread, where finalizers run too, does not wait for it."""
        if self._thread is threading.current_thread():
            self._opened.result().start_soon(function)
        else:
            self.call(function)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Have a function called in the loop, soon."""
        self._opened.result().call_soon(callback)

    def stop(self) -> None:
        """Cancel what is under way, close the connections and end, as far as a moment allows."""
        if self._opened.done():
            self._opened.result().stop_soon()
            self._thread.join(EXIT_SECONDS)

    def _run(self) -> None:
        import anyio

        try:
            anyio.run(self._live, backend_options={"use_uvloop": _has_uvloop()})
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
            self._opened.set_result(Portal(anyio_portal))
            await anyio_portal.sleep_until_stopped()


def _has_uvloop() -> bool:
    """Tell whether the faster loop of the extra `speedups` is installed."""
    return find_spec("uvloop") is not None


_current: LoopThread | None = None
_inherited: list[LoopThread] = []
"""Those of the parent process: never touched and never collected."""
_starting = threading.RLock()  # reentrant: a finalizer may run anywhere, in here too, and make a call
_exiting = False


def loop_thread() -> LoopThread:
    """Return the loop's thread of this process, started if need be."""
    global _current
    if _exiting:
        _refuse_at_exit()
    if _current is None or not _current.runs:
        with _starting:
            if _current is None or not _current.runs:
                _current = LoopThread()
    return _current


def runs() -> bool:
    """Tell whether this process has a loop's thread that takes calls."""
    return _current is not None and _current.runs and not _exiting


def call_soon(callback: Callable[[], object]) -> None:
    """Have a function called in the loop, soon; here and now, where there is no loop."""
    if _current is not None and _current.runs:
        _current.call_soon(callback)
    else:
        callback()


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
    _current, _starting = None, threading.RLock()


atexit.register(_at_exit)  # while this is imported, so that it runs after whatever users register
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
