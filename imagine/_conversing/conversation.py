"""A conversation, as users hold it."""

from __future__ import annotations

from os import PathLike  # noqa: TC003 - get_type_hints needs it
from typing import TYPE_CHECKING, Any, Never, Self, SupportsIndex, Unpack

from imagine._options.call import SamplingOptions  # noqa: TC001 - get_type_hints needs it
from imagine._options.keywords import lists_keywords
from imagine._running.run import AsyncToolStream
from imagine.types.chat_completions import (  # noqa: TC001 - get_type_hints needs it
    ChatCompletionResponse,
    ChatMessage,
)
from imagine.types.common import UsageInfo  # noqa: TC001 - get_type_hints needs it

if TYPE_CHECKING:
    from imagine._conversing.talk import Talk
else:
    Talk = object  # clients are made more often than conversations: it is loaded with the first one

__all__ = ["AsyncConversation"]


class AsyncConversation:
    """A conversation with a model, which remembers what was said.

    One question at a time is asked; it is kept with all that came of it once its answer is whole, and not at all where
    it fails, is cancelled or left: asking again is safe. All is kept, and where there is a budget, the oldest
    exchanges are not sent.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk

    @property
    def system(self) -> str | None:
        """What the model is told before all else; always sent."""
        return self._talk.plan.system

    @property
    def messages(self) -> list[ChatMessage]:
        """All that was said, without `system`; it may be changed between questions."""
        return self._talk.record.messages

    @property
    def usage(self) -> UsageInfo | None:
        """Tokens of all answers together, also of questions that failed later, as far as services report them.

        Streams report them where `stream_options={"include_usage": True}` asks for it.
        """
        return self._talk.record.usage

    @lists_keywords
    async def ask(
        self, content: str | list[dict[str, Any]], **options: Unpack[SamplingOptions]
    ) -> ChatCompletionResponse:
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
        exchange = self._talk.exchange(content, options, streams=False)
        return await exchange.final()

    @lists_keywords
    def ask_stream(self, content: str | list[dict[str, Any]], **options: Unpack[SamplingOptions]) -> AsyncToolStream:
        """Ask, and hand over what happens as it happens, as `run_tools_stream` does.

        Nothing is sent before the first is asked for. The question is kept with its answer once the last `Turn` is
        handed over. A stream that was left can still keep what came, by its `keep_partial()`.

        Args:
            content: The question: a text, or a list of parts such as `image_part` makes.
            options: Sampling parameters and call options, over those of the conversation.
        """
        exchange = self._talk.exchange(content, options, streams=True)
        exchange.check()
        return AsyncToolStream(exchange)

    def window(self) -> list[ChatMessage]:
        """Return what would be sent of what was said: system, and the latest whole exchanges that fit the budget.

        The last question with what came of it is always among them; ValueError where it alone is over the budget.
        """
        return self._talk.window()

    def fork(self) -> Self:
        """Return a conversation that begins with all that was said, and goes on by itself."""
        return type(self)(self._talk.fork())

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file that only its owner may read, all of it or nothing.

        It holds what was said, options and names of tools, but no key, no header and no function; what is being asked
        just now is not in it. Raises OSError.
        """
        from imagine._conversing.saved import save

        save(path, self._talk)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        """Refuse to be copied or pickled, with TypeError: it belongs to a client."""
        raise TypeError(f"{type(self).__name__} cannot be copied or pickled: fork() it, or save() it")
