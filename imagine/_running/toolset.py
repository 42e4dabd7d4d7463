"""The calls in an answer: their arguments, their time, their errors, and what the model is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import Context
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

import msgspec

from imagine import _tracing
from imagine._redaction.redaction import Redaction
from imagine._running.calling import Returned, called
from imagine._running.history import calls_of, is_cut, is_object, said, told
from imagine._running.tasks import Outcome, Tasks
from imagine._running.turns import ToolCall, ToolResult
from imagine._schema.content import sendable
from imagine._tool import Offer, Tool, ToolArgumentsError
from imagine.exceptions import ImagineToolException

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagine.types.chat_completions import ChatCompletionResponse, ChatMessage

__all__ = ["Read", "ToolErrors", "Toolset"]

ToolErrors: TypeAlias = Literal["tell", "raise"] | Callable[[ToolCall, Exception], str]
TOLD_CHARACTERS = 1_000
"""How much of an error the model is told."""


class Read(msgspec.Struct, frozen=True):
    """A call as it was read: its tool, or why it is not called; neither where others are to call it."""

    call: ToolCall
    tool: Tool | None = None
    problem: Exception | None = None

    @property
    def is_for_others(self) -> bool:
        """Whether the tool is only described: the user has to call it."""
        return self.tool is None and self.problem is None


class Toolset(msgspec.Struct, frozen=True):
    """The tools of a run, and the rules by which they are called."""

    tools: Mapping[str, Tool | None]
    """By name; None for those that are only described."""
    offers: list[Offer]
    """What requests say of them."""
    timeout: float | None
    """Seconds for each call; None for no limit."""
    max_tokens: object
    """The limit of each answer, where one was given."""
    concurrency: int
    """How many are called at once."""
    errors: ToolErrors
    context: Context
    """The caller's: each call has a copy of its own."""
    redaction: Callable[[], Redaction]
    """What keeps the client's secrets out of traces, and of errors that the model is told."""

    def calls_in(self, answer: ChatCompletionResponse, turn: int, messages: Iterable[object]) -> list[Read]:
        """Read the calls in an answer."""
        cut = is_cut(answer, self.max_tokens)
        calls = calls_of(answer, turn, messages)
        return [self._read(call, may_be_cut=cut) for call in calls]

    def said(
        self, answer: ChatCompletionResponse, calls: Sequence[ToolCall], results: Iterable[ToolResult]
    ) -> list[ChatMessage]:
        """Return what a turn adds to the conversation."""
        return [*said(answer, calls, self.tools), *(told(result, self.tools) for result in results)]

    def _read(self, call: ToolCall, *, may_be_cut: bool) -> Read:
        """Read the arguments of a call; those of a cut answer are never guessed at."""
        if call.name not in self.tools:
            others = f", only {', '.join(self.tools)}" if self.tools else ""
            return Read(call, problem=LookupError(f"there is no tool {call.name!r}{others}"))
        tool = self.tools[call.name]
        if may_be_cut and not is_object(call.arguments):
            why = "the answer was cut before these arguments were complete: nothing was called"
            return Read(call, problem=ToolArgumentsError(f"{why}; ask with shorter ones"))
        if tool is None:
            values = msgspec.json.decode(call.arguments) if is_object(call.arguments) else None
            return Read(msgspec.structs.replace(call, values=values))
        try:
            return Read(msgspec.structs.replace(call, values=tool.values(call.arguments)), tool)
        except ToolArgumentsError as error:
            return Read(call, problem=error)

    def begin(self, calls: list[Read]) -> Tasks[ToolResult]:
        """Begin to call tools, all at once as far as they may be."""
        tasks = Tasks[ToolResult](self.context)
        places = asyncio.Semaphore(self.concurrency)
        for read in calls:
            tasks.start(self._result(read, places))
        return tasks

    async def _result(self, read: Read, places: asyncio.Semaphore) -> ToolResult:
        if read.tool is None:
            return ToolResult(read.call, f"Error: {read.problem}"[:TOLD_CHARACTERS], error=read.problem)
        async with places:
            return await self._called(read.call, read.tool)

    async def _called(self, call: ToolCall, tool: Tool) -> ToolResult:
        context, began = self.context.copy(), time.monotonic()
        trace = context.run(self._traced, call, tool)
        came: tuple[str | None, Exception | None] = None, None
        try:
            outcome = await called(tool, call.values or {}, context, tool.timeout or self.timeout)
            result = self._result_of(call, outcome, time.monotonic() - began)
            came = result.content, result.error
        finally:
            if trace is not None:
                trace.end(*came)
        return result if result.error is None else self._failed(result, result.error)

    def _result_of(self, call: ToolCall, outcome: Outcome[Returned], seconds: float) -> ToolResult:
        """Return what came of a call; what is no Exception, such as KeyboardInterrupt, is no result and is raised."""
        error = outcome.error
        if isinstance(error, Exception):
            return ToolResult(call, self._told(error), None, error, seconds)
        value, content = outcome.get()
        return ToolResult(call, content, value, None, seconds)

    def _told(self, error: Exception) -> str:
        """Return what the model is told of an exception; a secret is taken out before the text is cut."""
        redaction = self.redaction()
        words = sendable(f"Error: {_words(error)}")[: redaction.reach(TOLD_CHARACTERS)]
        return redaction.text(words)[:TOLD_CHARACTERS]

    def _traced(self, call: ToolCall, tool: Tool) -> _tracing.ToolTrace | None:
        begin = _tracing.begin_tool
        return begin and begin(tool.name, tool.description, call.id, call.arguments, self.redaction())

    def _failed(self, result: ToolResult, error: Exception) -> ToolResult:
        """Return what the model is told of a tool that failed, or raise."""
        if self.errors == "tell":
            return result
        if self.errors == "raise":
            message = f"the tool {result.call.name} failed: {_words(error)}"
            raise ImagineToolException(message, "tool", result=result) from error
        words = cast("object", self.errors(result.call, error))
        if not isinstance(words, str):
            raise TypeError(f"tool_errors must return what the model is told, a str, not {type(words).__name__}")
        return msgspec.structs.replace(result, content=sendable(words))


def _words(error: Exception) -> str:
    """Return an exception in words; those of a user may have none."""
    words = "it cannot be put into words"
    with suppress(Exception):
        words = str(error)
    return f"{type(error).__name__}: {words}"
