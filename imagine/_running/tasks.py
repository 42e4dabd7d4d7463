"""Tasks that end with their run, whoever ends it, and from whichever thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from contextvars import Context

__all__ = ["Outcome", "Tasks", "outcome_of"]

T = TypeVar("T")


class Outcome(NamedTuple, Generic[T]):
    """What came of some work. A task that raised KeyboardInterrupt or SystemExit would end its loop."""

    value: T | None
    error: BaseException | None

    def get(self) -> T:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


async def outcome_of(work: Awaitable[T]) -> Outcome[T]:
    """Await some work; only a cancellation passes through."""
    try:
        return Outcome(await work, None)
    except asyncio.CancelledError:
        raise
    except BaseException as error:  # it is for whoever asks for the outcome
        return Outcome(None, error)


class Tasks(Generic[T]):
    """Some tasks under way in the running loop, whose results are taken as they come."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._tasks: list[asyncio.Task[Outcome[T]]] = []
        self._stopped = False

    @property
    def is_done(self) -> bool:
        """Whether all results were taken."""
        return not self._tasks

    def start(self, work: Coroutine[Any, Any, T]) -> None:
        """Start some work, in a copy of the context."""
        self._tasks.append(self._loop.create_task(outcome_of(work), context=self._context.copy()))

    async def ready(self) -> list[Outcome[T]]:
        """Take what came, once something has; nothing where they were stopped."""
        try:
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._stop()
            raise
        return [] if self._stopped else self.take()

    def take(self) -> list[Outcome[T]]:
        """Take what has come so far, in the order of the beginnings."""
        done = [task for task in self._tasks if task.done()]
        self._tasks = [task for task in self._tasks if task not in done]
        return [Outcome(None, asyncio.CancelledError()) if task.cancelled() else task.result() for task in done]

    def close(self) -> None:
        """Cancel what is under way, from any thread; nobody waits for it."""
        self._stopped = True
        _call_in(self._loop, self._stop)

    def _stop(self) -> None:
        self._stopped = True
        for task in self._tasks:
            task.cancel()


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], object]) -> None:
    with suppress(RuntimeError):  # the loop is closed, and what ran in it has ended
        loop.call_soon_threadsafe(callback)
