"""The key where a function of the user's gives it: asked for each attempt, and once more after a 401."""

from __future__ import annotations

import inspect
from collections import deque
from typing import TYPE_CHECKING

from imagine._http.worker import Worker
from imagine._options.client import checked_key
from imagine._redaction.tracebacks import words_of
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from imagine._http.call import Call
    from imagine._options.client import KeyFunction
    from imagine._pacing.clock import Clock
    from imagine._redaction.redaction import Redaction

__all__ = ["KeySource"]


KEPT = 64
"""How many keys are masked in what is shown of later calls: a function may give a new one to each attempt."""


class KeySource:
    """Asks for the key: an async function in the loop of the call, any other in a thread, for it may block."""

    def __init__(self, function: KeyFunction, redaction: Redaction) -> None:
        self._function = function
        self._redaction = redaction
        self._given: deque[str] = deque()
        called = getattr(function, "__call__", None)  # noqa: B004 - of an object, which is async where this is
        self._is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(called)

    async def authorize(self, call: Call, clock: Clock) -> None:
        """Ask for the key of an attempt, under the deadline; a call that has an `Authorization` of its own keeps it."""
        if call.key is None and any(name.lower() == "authorization" for name in call.headers):
            return
        clock.only_deadline()
        key = await self._ask()
        if call.key is None:
            call.record.redaction = call.redaction.also(())  # it keeps its own for as long as it lasts
        call.redaction.add(key)
        call.key = key
        call.headers = {**call.headers, "Authorization": f"Bearer {call.key}"}

    def may_renew(self, call: Call) -> bool:
        """Tell whether a call whose key was refused is sent once more: with a key from here, and once."""
        return call.key is not None and not call.has_new_key and (call.body is None or call.body.replayable)

    async def renew(self, call: Call, clock: Clock) -> None:
        """Ask once more for a call whose key was refused."""
        call.has_new_key = True
        await self.authorize(call, clock)
        call.begin_again("401: the key was refused, and asked for once more")

    async def _ask(self) -> str:
        try:
            given = self._function() if self._is_async else await self._in_thread()
            key = checked_key(given if not inspect.isawaitable(given) else await given)
        except Exception as error:
            raise _no_key(error) from error
        self._remember(key)
        return key

    def _remember(self, key: str) -> None:
        if key in self._given:
            return
        self._given.append(key)
        self._redaction.add(key)
        if len(self._given) > KEPT:
            self._redaction.forget(self._given.popleft())

    async def _in_thread(self) -> object:
        worker = Worker()
        try:
            return await worker.run(self._function)
        finally:
            worker.stop()


def _no_key(error: BaseException) -> ImagineException:
    return ImagineException(f"api_key= could not be asked for the key: {words_of(error)}")
