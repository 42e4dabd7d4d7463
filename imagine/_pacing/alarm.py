"""One timer for a queue that is served by many loops and threads."""

from __future__ import annotations

import contextvars
import math
import time
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Alarm"]


class Alarm:
    """Calls a function at a time, in one of the loops; set anew, the earlier time counts."""

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._due = math.inf
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        """Ring at a time of `time.monotonic()`, or earlier where that was asked for before, in a loop that runs."""
        if self._due <= due and self._loop is not None and self._loop.is_running():
            return
        self._cancel()
        self._due, self._loop = due, loop
        with suppress(RuntimeError):  # the loop was closed: whoever waits looks again by itself
            # In a context of its own: that of a call would live as long as the timer.
            loop.call_soon_threadsafe(self._start, due, loop, context=contextvars.Context())

    def _start(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        if due == self._due and loop is self._loop:
            self._timer = loop.call_later(max(0.0, due - time.monotonic()), self._expire, due)

    def _expire(self, due: float) -> None:
        if due == self._due:
            self._due, self._timer = math.inf, None
            self._ring()

    def _cancel(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None and self._loop is not None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(timer.cancel)
