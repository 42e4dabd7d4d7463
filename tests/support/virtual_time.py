"""A loop whose time passes at once: where all sockets are quiet, it jumps to the next timer."""

from __future__ import annotations

import asyncio
import selectors
import time
from unittest import mock

__all__ = ["run_in_virtual_time"]

RESOLUTION = 1e-6
"""Seconds by which the time moves at least."""
THREAD_SECONDS = 0.01
"""How long it waits for a thread, which has no timer."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits by setting the clock forward; both ends of a connection must be in its loop."""

    def __init__(self):
        super().__init__()
        self.now = 1000.0

    def select(self, timeout=None):
        """Return what is ready; where nothing is, let the time pass that would be waited."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            return super().select(THREAD_SECONDS)
        self.now += max(RESOLUTION, timeout)
        return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.jumping = _JumpingSelector()
        super().__init__(self.jumping)

    def time(self):
        """Return the seconds on its own clock."""
        return self.jumping.now


def run_in_virtual_time(main):
    """Run a coroutine function in a loop, and with a `time.monotonic`, whose seconds take no time."""
    with asyncio.Runner(loop_factory=_VirtualLoop) as runner:
        loop = runner.get_loop()
        with mock.patch.object(time, "monotonic", loop.time):
            return runner.run(main())
