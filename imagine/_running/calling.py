"""One call of a function: where it stops nobody else, and no longer than it may take."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast

from imagine._running.tasks import Outcome, outcome_of
from imagine._threads import in_thread
from imagine._tool import Tool, content_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

__all__ = ["Returned", "called"]

Returned: TypeAlias = tuple[object, str]
"""What a function returned, and what the model is told of it."""


async def called(tool: Tool, values: dict[str, Any], context: Context, seconds: float | None) -> Outcome[Returned]:
    """Call a function, and wait no longer than so; then it is cancelled, or its thread left alone, and nobody waits."""
    call: Callable[[], Any] = partial(tool, **values)
    work = _awaited(call, context) if tool.is_async else asyncio.create_task(_called_in_thread(call, context))
    try:
        await asyncio.wait({work}, timeout=seconds)
        return _outcome_of(work) if work.done() else Outcome(None, TimeoutError(f"it took longer than {seconds:g} s"))
    finally:
        work.cancel()


def _outcome_of(work: asyncio.Task[Outcome[Returned]]) -> Outcome[Returned]:
    """Return what came of a call; one that was cancelled, though its run was not, has failed as others do."""
    outcome = Outcome[Returned](None, asyncio.CancelledError()) if work.cancelled() else work.result()
    if isinstance(outcome.error, asyncio.CancelledError):
        return Outcome(None, RuntimeError("it was cancelled, or what it waited for was"))
    return outcome


def _awaited(call: Callable[[], Awaitable[object]], context: Context) -> asyncio.Task[Outcome[Returned]]:
    async def result() -> Returned:
        return _returned(await call())

    return asyncio.get_running_loop().create_task(outcome_of(result()), context=context)


async def _called_in_thread(call: Callable[[], object], context: Context) -> Outcome[Returned]:
    """Call what may block; what it returns may have to be awaited, as behind a decorator of a coroutine's."""
    try:
        work = in_thread(partial(context.run, partial(_outcome_of_call, call)))
    except RuntimeError as error:
        return Outcome(None, RuntimeError(f"no thread could be started to call it in: {error}"))
    outcome = await asyncio.wrap_future(work)
    if outcome.value is None or not _is_awaitable(value := outcome.value[0]):
        return outcome
    return await _awaited(lambda: value, context)


def _outcome_of_call(call: Callable[[], object]) -> Outcome[Returned]:
    try:
        return Outcome(_returned(call()), None)
    except BaseException as error:  # it is for whoever asks for the outcome
        return Outcome(None, error)


def _is_awaitable(value: object) -> TypeGuard[Awaitable[object]]:
    return isinstance(value, Awaitable)


def _returned(value: object) -> Returned:
    if _is_awaitable(value):
        return value, ""
    if isinstance(value, Iterator | AsyncIterator):
        kind = type(cast("object", value)).__name__
        raise TypeError(f"{kind}: what is iterated once cannot be told, return a list")
    return value, content_of(value)
