"""A thread for what may block for long, such as a read from a share that hangs."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextvars import copy_context
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Worker"]

P = ParamSpec("P")
T = TypeVar("T")


class Worker:
    """Calls functions one after the other in a thread of its own, which begins with the first.

    A daemon, and none of the loop's threads: a function that never returns keeps no program from ending, and no name
    from being resolved.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function after those before it; to cancel the wait for it does not stop it."""
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        if self._thread is None:
            self._thread = threading.Thread(target=_work, args=(self._jobs,), name="imagine-worker", daemon=True)
            self._thread.start()
        called: Callable[[], T] = partial(function, *args, **kwargs)
        self._jobs.put(partial(_settle, future, partial(copy_context().run, called)))
        return await asyncio.wrap_future(future)

    def stop(self, last: Callable[[], object] | None = None) -> None:
        """End the thread once it has done what it was given, and call one function more; nobody waits for that."""
        if self._thread is not None:
            for job in (last, None) if last else (None,):
                self._jobs.put(job)


def _work(jobs: SimpleQueue[Callable[[], object] | None]) -> None:
    while (job := jobs.get()) is not None:
        job()
        del job  # it holds what its caller gave, and the next one may be long in coming


def _settle(future: Future[T], function: Callable[[], T]) -> None:
    try:
        future.set_result(function())
    except BaseException as error:  # whatever it is, it is the caller's
        future.set_exception(_carried(error))
    finally:
        del future  # the traceback holds this frame


def _carried(error: BaseException) -> Exception:
    """Return an error as a task can raise it: others end its loop, and StopIteration would never come."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    failure = RuntimeError(f"it raised {type(error).__name__}")
    failure.__cause__ = error
    return failure
