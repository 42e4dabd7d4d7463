"""An answer that comes whole, asked for as a stream is."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from imagine._running.tasks import Tasks
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from imagine.types.chat_completions import ChatCompletionResponse, ChatCompletionStreamResponse

__all__ = ["Whole"]


class Whole:
    """One chat under way, in the context in which it is made."""

    def __init__(self, chat: Coroutine[Any, Any, ChatCompletionResponse]) -> None:
        self._tasks: Tasks[ChatCompletionResponse] = Tasks(copy_context())
        self._tasks.start(chat)

    @property
    def text(self) -> str:
        """Nothing: it comes at once."""
        return ""

    async def read(self) -> list[ChatCompletionStreamResponse]:
        """Return no chunks: it has none."""
        return []

    async def final(self) -> ChatCompletionResponse:
        """Wait for the answer."""
        for outcome in await self._tasks.ready():
            return outcome.get()
        raise ImagineException("the answer was dropped before it came")

    def close(self) -> None:
        """Drop it, from any thread."""
        self._tasks.close()
