"""The twins of what lives, written by `make sync`: edit what is listed here, not this file.

- `imagine/_running/run.py`
- `imagine/_asking/partial_stream.py`
"""

from __future__ import annotations

from typing import TypeVar

from imagine._asking.outcomes import Parsed, Partial
from imagine._asking.partial_stream import AsyncPartialStream
from imagine._blocking.live import BlockingLive
from imagine._running.loop import Messages
from imagine._running.run import AsyncToolRun, AsyncToolStream
from imagine._running.turns import Event, ToolCall, Turn
from imagine.types.chat_completions import ChatCompletionResponse
from imagine.types.common import UsageInfo

__all__ = ["PartialStream", "ToolRun", "ToolStream"]

T = TypeVar("T")


class ToolRun(BlockingLive[Turn, AsyncToolRun]):
    """A model with tools at work, turn by turn.

    Nothing is sent before the first turn is asked for. Iterate it for the turns, or ask `final()` for the last answer;
    use it as a context where you may leave early.
    """

    @property
    def messages(self) -> Messages:
        """The conversation so far: what was given, answers, results; between turns, more may be appended to it.

        It never has a call without its result, unless that is `pending`, and can be sent on at any time.
        """
        return self._async.messages

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that are complete."""
        return self._async.turns

    @property
    def usage(self) -> UsageInfo | None:
        """Tokens of all answers together, as far as they report them; None where none does."""
        return self._async.usage

    @property
    def pending(self) -> tuple[ToolCall, ...]:
        """What the run ended with: calls of tools that were only described, which are yours to answer."""
        return self._async.pending

    def final(self) -> ChatCompletionResponse:
        """Read to the end and return the last answer.

        Raises what the calls of the client can raise, and ImagineToolException after `max_turns`, for a tool that
        failed if `tool_errors="raise"`, and where the run was closed before its end.
        """
        return self._call(lambda: self._async.final())


class ToolStream(BlockingLive[Event, AsyncToolStream]):
    """A model with tools at work, as it happens: chunks, each `ToolCall`, each `ToolResult`, and each whole `Turn`.

    Nothing is sent before the first is asked for. Each has `first_content`, which is None but for chunks of text. A
    tool is called once what follows its `ToolCall` is asked for: who leaves there has called nothing.
    """

    @property
    def messages(self) -> Messages:
        """The conversation so far: what was given, answers, results; between turns, more may be appended to it.

        It never has a call without its result, unless that is `pending`, and can be sent on at any time.
        """
        return self._async.messages

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns that are complete."""
        return self._async.turns

    @property
    def usage(self) -> UsageInfo | None:
        """Tokens of all answers together, as far as they report them; None where none does."""
        return self._async.usage

    @property
    def pending(self) -> tuple[ToolCall, ...]:
        """What the run ended with: calls of tools that were only described, which are yours to answer."""
        return self._async.pending

    def final(self) -> ChatCompletionResponse:
        """Read to the end and return the last answer.

        Raises what the calls of the client can raise, and ImagineToolException after `max_turns`, for a tool that
        failed if `tool_errors="raise"`, and where the run was closed before its end.
        """
        return self._call(lambda: self._async.final())


class PartialStream(BlockingLive[Partial, AsyncPartialStream[T]]):
    """A value of a type as it grows.

    Nothing is sent before the first `Partial` is asked for. Iterate it to show what is there so far, or to take what
    has become complete; `final()` is the whole value. Iterating raises what a stream raises, and ImagineParseException
    at the end where the answer does not fit.
    """

    def final(self) -> Parsed[T]:
        """Read to the end and return the whole value.

        Raises ImagineParseException where the answer does not fit, and what streams raise. A stream never asks again:
        it goes on to the next of its ways while nothing was shown, and ends otherwise.
        """
        return self._call(lambda: self._async.final())
