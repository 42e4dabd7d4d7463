"""Runs of a model with tools, as users hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from imagine._live import AsyncLive
from imagine._running.turns import Event, Messages, ToolCall, Turn
from imagine.types.chat_completions import ChatCompletionResponse
from imagine.types.common import UsageInfo

if TYPE_CHECKING:
    from imagine._running.loop import ToolLoop
else:
    ToolLoop = object  # clients are made more often than runs: it is loaded with the first one

__all__ = ["AsyncToolRun", "AsyncToolStream"]

T = TypeVar("T")


class _Run(AsyncLive[T]):
    """What both kinds of run have."""

    def __init__(self, loop: ToolLoop) -> None:
        self._loop = loop

    @property
    def messages(self) -> Messages:
        """The conversation so far: what was given, answers, results; between turns, more may be appended to it.

        It never has a call without its result, unless that is `pending`, and can be sent on at any time.
        """
        return self._loop.messages

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that are complete."""
        return tuple(self._loop.turns)

    @property
    def usage(self) -> UsageInfo | None:
        """Tokens of all answers together, as far as they report them; None where none does."""
        return self._loop.usage

    @property
    def pending(self) -> tuple[ToolCall, ...]:
        """What the run ended with: calls of tools that were only described, which are yours to answer."""
        return self._loop.pending

    async def final(self) -> ChatCompletionResponse:
        """Read to the end and return the last answer.

        Raises what the calls of the client can raise, and ImagineToolException after `max_turns`, for a tool that
        failed if `tool_errors="raise"`, and where the run was closed before its end.
        """
        return await self._loop.final()

    def close(self) -> None:
        """Stop at once, from any task or thread: nothing more is sent, and coroutines of tools are cancelled.

        A tool that blocks cannot be stopped; nobody waits for it.
        """
        self._batch = iter(())
        self._loop.close()

    def __del__(self) -> None:
        self._loop.close()

    def _give_up(self, error: BaseException) -> None:  # noqa: ARG002 - what cancelled it says nothing
        self._loop.give_up()


class AsyncToolRun(_Run[Turn]):
    """A model with tools at work, turn by turn.

    Nothing is sent before the first turn is asked for. Iterate it for the turns, or ask `final()` for the last answer;
    use it as a context where you may leave early.
    """

    async def read(self) -> list[Turn]:
        """Return the next turn, in a list that is empty at the end; iterating is the same for most."""
        while events := await self._loop.read():
            if turns := [event for event in events if isinstance(event, Turn)]:
                return turns
        return []


class AsyncToolStream(_Run[Event]):
    """A model with tools at work, as it happens: chunks, each `ToolCall`, each `ToolResult`, and each whole `Turn`.

    Nothing is sent before the first is asked for. Each has `first_content`, which is None but for chunks of text. A
    tool is called once what follows its `ToolCall` is asked for: who leaves there has called nothing.
    """

    async def read(self) -> list[Event]:
        """Return what is ready, and an empty list at the end; iterating is the same for most."""
        return await self._loop.read()

    async def keep_partial(self) -> None:
        """Close the stream, and keep what came: text of an answer under way goes into `messages`, marked as a part.

        It is marked by an annotation, `{"type": "partial"}`, which is not sent. Calls that were not answered are left
        out. After the end it does nothing.
        """
        self._batch = iter(())
        self._loop.keep_partial()
