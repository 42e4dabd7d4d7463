"""Threads for what a loop cannot do itself: lookups of names, reads of uploaded files, functions of users."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DaemonThreads", "in_thread"]

P = ParamSpec("P")
T = TypeVar("T")


class DaemonThreads(ThreadPoolExecutor):
    """A daemon thread for each piece of work.

    The threads of the base class, which a loop insists on, take no work once the main thread has ended, though others
    go on; and the interpreter waits for them at its end, as long as a lookup may take.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start the work."""
        future: Future[T] = Future()
        work = partial(_do, future, partial(fn, *args, **kwargs))
        try:
            _start(work)
        except RuntimeError:  # Python 3.12 starts none once the main thread has ended: the loop does it itself
            work()
        return future


def in_thread(work: Callable[[], T]) -> Future[T]:
    """Start some work in a thread of its own; RuntimeError where none can be started."""
    future: Future[T] = Future()
    _start(partial(_do, future, work))
    return future


def _start(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="imagine-worker", daemon=True).start()


def _do(future: Future[T], work: Callable[[], T]) -> None:
    if future.set_running_or_notify_cancel():
        try:
            future.set_result(work())
        except BaseException as error:  # it is for whoever waits
            future.set_exception(error)
