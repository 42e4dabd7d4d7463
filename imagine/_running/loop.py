"""The turns of a run: an answer, the calls in it, and what becomes of the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from imagine._running.spending import summed
from imagine._running.turns import Event, Messages, Turn
from imagine.exceptions import ImagineException, ImagineToolException
from imagine.types.chat_completions import ChatMessage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from imagine._running.tasks import Outcome, Tasks
    from imagine._running.toolset import Read, Toolset
    from imagine._running.turns import ToolCall, ToolResult
    from imagine.types.chat_completions import ChatCompletionResponse, ChatCompletionStreamResponse
    from imagine.types.common import UsageInfo

__all__ = ["PARTIAL", "Asked", "ToolLoop"]

E = TypeVar("E", bound=ImagineException)


class Asked(Protocol):
    """An answer on its way: an `AsyncStream`, or what comes whole."""

    @property
    def text(self) -> str:
        """The text that came so far."""
        ...

    async def read(self) -> list[ChatCompletionStreamResponse]:
        """Return the next chunks; none at the end."""
        ...

    async def final(self) -> ChatCompletionResponse:
        """Return the whole answer."""
        ...

    def close(self) -> None:
        """Drop it, from any thread."""
        ...


PARTIAL = {"type": "partial"}
"""The annotation of a message that was kept before its end; annotations are never sent."""


class ToolLoop:
    """One run. Each read takes a step, of which `_next` is the one to come.

    It refers to itself nowhere, so that one that is dropped is gone at once.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[object], int], Asked],
        toolset: Toolset,
        messages: Messages,
        max_turns: int,
    ) -> None:
        self.messages = messages
        self.turns: list[Turn] = []
        self.pending: tuple[ToolCall, ...] = ()
        self._ask = ask
        self._toolset = toolset
        self._max_turns = max_turns
        self._next: Callable[[ToolLoop], Awaitable[list[Event]]] = ToolLoop._begin
        self._asked: Asked | None = None
        self._answer: ChatCompletionResponse | None = None
        self._calls: list[Read] = []
        self._work: Tasks[ToolResult] | None = None
        self._results: list[ToolResult] = []
        self.usage: UsageInfo | None = None
        self._reading = self._whole = self._closed = self._has_partial = False
        self._failure: Exception | None = None

    async def read(self) -> list[Event]:
        """Return what is ready next, an empty list at the end; raise what ended the run, each time."""
        if self._reading:
            raise ImagineException("this run is being read by another task; give each consumer a run of its own")
        if self._failure is not None:
            raise self._failure
        self._reading = True
        try:
            return [] if self._whole or self._closed else await self._next(self)
        except BaseException as error:
            if self._closed and isinstance(error, ImagineException):
                return []
            self._fail(error)
            raise
        finally:
            self._reading = False

    async def final(self) -> ChatCompletionResponse:
        """Read to the end and return the last answer."""
        while await self.read():
            pass
        if not self._whole:
            raise self._told(ImagineToolException("the run was closed before its end", "closed"))
        return self.turns[-1].answer

    def close(self) -> None:
        """Stop at once, from any task or thread."""
        self._closed = True
        self._stop()

    def keep_partial(self) -> None:
        """Stop, and put what text came of the answer under way into the conversation, marked as a part."""
        text = self._asked.text if self._asked is not None and not self._has_partial else ""
        self.close()
        if text and not self._whole:
            self.messages.append(ChatMessage(role="assistant", content=text, annotations=[PARTIAL.copy()]))
            self._has_partial = True

    def give_up(self) -> None:
        """Stop after a cancellation; who does come back is told."""
        if not (self._whole or self._closed or self._failure):
            self._failure = self._told(ImagineToolException("an earlier read of this run was cancelled", "closed"))
        self._stop()

    def _stop(self) -> None:
        for under_way in (self._asked, self._work):
            if under_way is not None:
                under_way.close()

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, ImagineException):
            self._told(error)
        if isinstance(error, Exception):
            self._failure = error
        self.give_up()

    def _told(self, error: E) -> E:
        """Return an error with what there is of the run, so that nothing is lost with it."""
        error.messages, error.usage = list(self.messages), self.usage
        error.partial = self._answer if error.partial is None else error.partial
        if isinstance(error, ImagineToolException):
            self._kept(self._work.take() if self._work is not None else ())
            error.results = tuple(self._results)
        return error

    def _to_send(self) -> Sequence[object]:
        """Return the conversation as the next answer is asked for with it."""
        return list(self.messages)

    async def _begin(self) -> list[Event]:
        if len(self.turns) >= self._max_turns:
            message = f"the model still asks for tools after max_turns={self._max_turns} answers"
            raise ImagineToolException(f"{message}; `messages` has all of it, to go on with", "max_turns")
        self._asked = self._ask(self._to_send(), len(self.turns))
        self._next = ToolLoop._listen
        return await self._listen()

    async def _listen(self) -> list[Event]:
        if self._asked is None or self._closed:
            return self._stopped()
        if chunks := await self._asked.read():
            return list[Event](chunks)
        self._hear(await self._asked.final())
        self._next = ToolLoop._call
        return [read.call for read in self._calls] or self._end_turn()

    def _hear(self, answer: ChatCompletionResponse) -> None:
        """Take an answer: its tokens are spent, whatever becomes of its calls."""
        self._answer, self.usage = answer, summed([self.usage, answer.usage])
        self._calls = self._toolset.calls_in(answer, len(self.turns) + 1, self.messages)

    async def _call(self) -> list[Event]:
        calls = [read for read in self._calls if not read.is_for_others]
        if not calls:
            return self._end_turn()
        self._work, self._results, self._next = self._toolset.begin(calls), [], ToolLoop._gather
        return await self._gather()

    async def _gather(self) -> list[Event]:
        if self._work is None or self._closed:
            return self._stopped()
        if not (outcomes := await self._work.ready()):
            return []
        results = self._kept(outcomes)
        for outcome in outcomes:
            outcome.get()
        return [*results, *self._end_turn()] if self._work.is_done else [*results]

    def _kept(self, outcomes: Iterable[Outcome[ToolResult]]) -> list[ToolResult]:
        """Keep what came, also beside what failed."""
        results = [outcome.value for outcome in outcomes if outcome.value is not None]
        self._results += results
        return results

    def _stopped(self) -> list[Event]:
        """Stop what was begun just as another thread closed the run."""
        self._stop()
        return []

    def _end_turn(self) -> list[Event]:
        """Put an answer and its results into the conversation, both or neither: a call without an answer is refused."""
        assert self._answer is not None
        results = {result.call.id: result for result in self._results}
        calls = [read.call for read in self._calls]
        ordered = tuple(results[call.id] for call in calls if call.id in results)
        self.messages += self._toolset.said(self._answer, calls, ordered)
        self.pending = tuple(call for call in calls if call.id not in results)
        self.turns.append(Turn(len(self.turns) + 1, self._answer, ordered))
        self._asked, self._work, self._results, self._next = None, None, [], ToolLoop._begin
        self._whole = not calls or bool(self.pending)
        return [self.turns[-1]]
