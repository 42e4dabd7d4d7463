"""The twins of what lives, written by `make sync`: edit what is listed here, not this file.

- `imagine/_running/run.py`
- `imagine/_asking/partial_stream.py`
- `imagine/_conversing/conversation.py`
"""

from __future__ import annotations

from os import PathLike
from typing import Any, Self, TypeVar, Unpack

from imagine._asking.outcomes import Parsed, Partial
from imagine._asking.partial_stream import AsyncPartialStream
from imagine._blocking.conversation import BlockingConversation
from imagine._blocking.live import BlockingLive
from imagine._options.call import SamplingOptions
from imagine._options.keywords import lists_keywords
from imagine._running.run import AsyncToolRun, AsyncToolStream
from imagine._running.turns import Event, Messages, ToolCall, Turn
from imagine.types.chat_completions import ChatCompletionResponse, ChatMessage
from imagine.types.common import UsageInfo

__all__ = ["Conversation", "PartialStream", "ToolRun", "ToolStream"]

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

    def keep_partial(self) -> None:
        """Close the stream, and keep what came: text of an answer under way goes into `messages`, marked as a part.

        It is marked by an annotation, `{"type": "partial"}`, which is not sent. Calls that were not answered are left
        out. After the end it does nothing.
        """
        return self._call(lambda: self._async.keep_partial())


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


class Conversation(BlockingConversation):
    """A conversation with a model, which remembers what was said.

    One question at a time is asked; it is kept with all that came of it once its answer is whole, and not at all where
    it fails, is cancelled or left: asking again is safe. All is kept, and where there is a budget, the oldest
    exchanges are not sent.
    """

    @property
    def system(self) -> str | None:
        """What the model is told before all else; always sent."""
        return self._async.system

    @property
    def messages(self) -> list[ChatMessage]:
        """All that was said, without `system`; it may be changed between questions."""
        return self._async.messages

    @property
    def usage(self) -> UsageInfo | None:
        """Tokens of all answers together, also of questions that failed later, as far as services report them.

        Streams report them where `stream_options={"include_usage": True}` asks for it.
        """
        return self._async.usage

    @lists_keywords
    def ask(self, content: str | list[dict[str, Any]], **options: Unpack[SamplingOptions]) -> ChatCompletionResponse:
        """Ask, let the model call its tools, and return its answer in text.

        Args:
            content: The question: a text, or a list of parts such as `image_part` makes.
            options: Sampling parameters and call options, over those of the conversation.

        Raises:
            ValueError: The question alone is over the budget.
            ImagineException: Another question is being asked.
            ImagineToolException: The model still calls tools after `max_turns`, or what they returned is over the
                budget; `messages` has what came.
        """
        return self._call(lambda: self._async.ask(content, **options))

    @lists_keywords
    def ask_stream(self, content: str | list[dict[str, Any]], **options: Unpack[SamplingOptions]) -> ToolStream:
        """Ask, and hand over what happens as it happens, as `run_tools_stream` does.

        Nothing is sent before the first is asked for. The question is kept with its answer once the last `Turn` is
        handed over. A stream that was left can still keep what came, by its `keep_partial()`.

        Args:
            content: The question: a text, or a list of parts such as `image_part` makes.
            options: Sampling parameters and call options, over those of the conversation.
        """
        return self._live(ToolStream, self._async.ask_stream(content, **options))

    def window(self) -> list[ChatMessage]:
        """Return what would be sent of what was said: system, and the latest whole exchanges that fit the budget.

        The last question with what came of it is always among them; ValueError where it alone is over the budget.
        """
        return self._async.window()

    def fork(self) -> Self:
        """Return a conversation that begins with all that was said, and goes on by itself."""
        return self._derived(self._async.fork())

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file that only its owner may read, all of it or nothing.

        It holds what was said, options and names of tools, but no key, no header and no function; what is being asked
        just now is not in it. Raises OSError.
        """
        self._async.save(path)
