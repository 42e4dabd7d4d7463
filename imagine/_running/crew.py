"""The calls in an answer: their arguments, their time, their errors, and what the model is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextvars import Context
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import msgspec

from imagine import _tracing
from imagine._redaction.redaction import Redaction
from imagine._running.errands import Errands, Outcome, outcome_of
from imagine._running.history import calls_of, is_cut, is_object, said, told
from imagine._running.turns import ToolCall, ToolResult
from imagine._threads import DaemonThreads
from imagine._tool import Offer, Tool, ToolArgumentsError, content_of
from imagine.exceptions import ImagineToolException

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagine.types.chat_completions import ChatCompletionResponse, ChatMessage

__all__ = ["Crew", "Read", "ToolErrors"]

Returned: TypeAlias = tuple[object, str]
"""What a function returned, and what the model is told of it."""
ToolErrors: TypeAlias = Literal["tell", "raise"] | Callable[[ToolCall, Exception], str]
_THREADS = DaemonThreads()
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


class Crew(msgspec.Struct, frozen=True):
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
    """What keeps the client's secrets out of traces."""

    def calls_in(self, answer: ChatCompletionResponse, turn: int, messages: Iterable[object]) -> list[Read]:
        """Read the calls in an answer."""
        cut = is_cut(answer, self.max_tokens)
        calls = calls_of(answer, turn, messages)
        return [self._read(call, may_be_cut=cut and call is calls[-1]) for call in calls]

    def said(
        self, answer: ChatCompletionResponse, calls: Sequence[ToolCall], results: Iterable[ToolResult]
    ) -> list[ChatMessage]:
        """Return what a turn adds to the conversation."""
        return [*said(answer, calls, self.tools), *map(told, results)]

    def _read(self, call: ToolCall, *, may_be_cut: bool) -> Read:
        """Read the arguments of a call; those that a cut answer ends with are never guessed at."""
        if call.name not in self.tools:
            return Read(call, problem=LookupError(f"there is no tool {call.name!r}, only {', '.join(self.tools)}"))
        tool = self.tools[call.name]
        if may_be_cut and not is_object(call.arguments):
            why = "the answer reached its limit of tokens before these arguments were complete: nothing was called"
            return Read(call, problem=ToolArgumentsError(f"{why}; ask with shorter ones"))
        if tool is None:
            values = msgspec.json.decode(call.arguments) if is_object(call.arguments) else None
            return Read(msgspec.structs.replace(call, values=values))
        try:
            return Read(msgspec.structs.replace(call, values=tool.values(call.arguments)), tool)
        except ToolArgumentsError as error:
            return Read(call, problem=error)

    def begin(self, calls: list[Read]) -> Errands[ToolResult]:
        """Begin to call tools, all at once as far as they may be."""
        errands = Errands[ToolResult](self.context)
        places = asyncio.Semaphore(self.concurrency)
        for read in calls:
            errands.start(self._result(read, places))
        return errands

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
            outcome = await _within(tool.timeout or self.timeout, _start(tool, call.values or {}, context))
            result = _result_of(call, outcome, time.monotonic() - began)
            came = result.content, result.error
        finally:
            if trace is not None:
                trace.end(*came)
        return result if result.error is None else self._failed(result, result.error)

    def _traced(self, call: ToolCall, tool: Tool) -> _tracing.ToolTrace | None:
        begin = _tracing.begin_tool
        return begin and begin(tool.name, tool.description, call.id, call.arguments, self.redaction())

    def _failed(self, result: ToolResult, error: Exception) -> ToolResult:
        """Return what the model is told of a tool that failed, or raise."""
        if self.errors == "tell":
            return result
        if self.errors == "raise":
            message = f"the tool {result.call.name} failed: {type(error).__name__}: {error}"
            raise ImagineToolException(message, "tool", result=result) from error
        words = cast("object", self.errors(result.call, error))
        if not isinstance(words, str):
            raise TypeError(f"tool_errors must return what the model is told, a str, not {type(words).__name__}")
        return msgspec.structs.replace(result, content=words)


def _start(tool: Tool, values: dict[str, Any], context: Context) -> asyncio.Future[Outcome[Returned]]:
    """Call a function: in a task of its own, or in a thread of its own where it may block."""
    loop = asyncio.get_running_loop()
    if tool.is_async:
        return loop.create_task(outcome_of(_awaited(tool, values)), context=context)
    return loop.run_in_executor(_THREADS, context.run, partial(_outcome_of_call, tool, values))


async def _awaited(tool: Tool, values: dict[str, Any]) -> Returned:
    value: object = await tool(**values)
    return value, content_of(value)


def _outcome_of_call(tool: Tool, values: dict[str, Any]) -> Outcome[Returned]:
    try:
        value: object = tool(**values)
        return Outcome((value, content_of(value)), None)
    except BaseException as error:  # it is for whoever asks for the outcome
        return Outcome(None, error)


async def _within(seconds: float | None, work: asyncio.Future[Outcome[Returned]]) -> Outcome[Returned]:
    """Wait for a tool, but no longer than so; then it is cancelled, or its thread left alone, and nobody waits."""
    try:
        await asyncio.wait({work}, timeout=seconds)
        return work.result() if work.done() else Outcome(None, TimeoutError(f"it took longer than {seconds:g} s"))
    finally:
        work.cancel()


def _result_of(call: ToolCall, outcome: Outcome[Returned], seconds: float) -> ToolResult:
    """Return what came of a call; what is no Exception, such as KeyboardInterrupt, is no result and is raised."""
    error = outcome.error
    if isinstance(error, Exception):
        words = f"Error: {type(error).__name__}: {error}"[:TOLD_CHARACTERS]
        return ToolResult(call, words, None, error, seconds)
    value, content = outcome.get()
    return ToolResult(call, content, value, None, seconds)
