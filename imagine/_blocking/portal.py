"""The portal: a call from a thread that blocks into a loop, and its outcome back."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from imagine._log import log
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from anyio.from_thread import BlockingPortal

__all__ = ["Portal"]

T = TypeVar("T")

SIGNAL_CHECK_SECONDS = 0.5
"""How long the main thread may sleep in a lock before it looks for signals. One wakes it only where it finds it asleep:
a signal that comes in the instant before, or that another thread is given, would else wait for the end of the call."""


class Portal:
    """anyio's portal into the running loop, with a shorter way in for calls.

    `start_task_soon` waits until its task has begun, its caller then waits for the end, and a scope is opened in
    between: 100 µs more, a quarter of a chat over loopback. Here a thread waits once.
    """

    def __init__(self, anyio_portal: BlockingPortal) -> None:
        self._anyio_portal = anyio_portal
        self._loop = asyncio.get_running_loop()
        self._thread = threading.current_thread()
        self._tasks: set[asyncio.Task[None]] = set()  # a loop holds its tasks weakly

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Await a function in the loop and return its result; what interrupts the wait, as Ctrl-C does, cancels it."""
        if self._thread is threading.current_thread():
            raise ImagineException(
                "a blocking call from a callback such as on_call=, on the thread that serves all calls, would wait for "
                "itself: make it in another thread"
            )
        call = PortalCall(function)
        try:
            self._loop.call_soon_threadsafe(self._start, call)
            call.wait_for_end()
        except BaseException:
            self.call_soon(call.cancel)
            raise
        return call.outcome()

    def call_within(self, seconds: float, function: Callable[[], Awaitable[None]]) -> None:
        """Await a function in the loop, whose own thread does not wait, and others only for so long."""
        call = PortalCall(function)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._start, call)
            if self._thread is not threading.current_thread() and not call.wait(seconds):
                log.warning(
                    "the thread that serves all calls is stuck, as in a callback: what was asked of it comes later"
                )

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Have a function called in the loop, soon; not at all where the loop has ended."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback)

    def stop_soon(self) -> None:
        """Begin to stop; calls under way are cancelled."""
        self.call_soon(lambda: self._loop.create_task(self._anyio_portal.stop()))

    def _start(self, call: PortalCall[T]) -> None:
        call.task = self._loop.create_task(call.run())
        self._tasks.add(call.task)
        call.task.add_done_callback(self._tasks.discard)


class PortalCall(Generic[T]):
    """One call on its way, and what came of it.

    That does not pass through a future: its frames would stand in every traceback.
    """

    def __init__(self, function: Callable[[], Awaitable[T]]) -> None:
        self.task: asyncio.Task[None] | None = None
        self._function = function
        self._under_way = threading.Lock()
        self._under_way.acquire()
        self._result: T | None = None
        self._error: BaseException | None = None

    async def run(self) -> None:
        """Await the function, in the loop."""
        try:
            self._result = await self._function()
        except BaseException as error:  # whatever it is, it is the caller's and must not end the loop
            self._error = error
        finally:
            self._under_way.release()

    def wait(self, seconds: float) -> bool:
        """Wait for the end, in the caller's thread; False where it did not come within some seconds."""
        return self._under_way.acquire(timeout=seconds)

    def wait_for_end(self) -> None:
        """Wait for the end, in the caller's thread; in the main one, a signal gets through meanwhile."""
        seconds = SIGNAL_CHECK_SECONDS if threading.current_thread() is threading.main_thread() else -1
        while not self._under_way.acquire(timeout=seconds):
            pass  # between two waits the interpreter runs what a signal left for it

    def cancel(self) -> None:
        """Cancel it if it has begun, in the loop."""
        if self.task is not None:
            self.task.cancel()

    def outcome(self) -> T:
        """Return what came of it, or raise it."""
        error, self._error = self._error, None
        if error is None:
            return cast("T", self._result)
        if isinstance(error, asyncio.CancelledError):
            error = ImagineException("the call was cancelled under way; was its client closed?")
        try:
            raise error
        finally:
            del error  # its traceback holds this frame: the cycle would keep those of the caller alive
