"""One question and all that comes of it: kept whole, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine._conversing.messages import checked_messages
from imagine._running.loop import ToolLoop
from imagine.exceptions import ImagineException, ImagineToolException

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imagine._conversing.record import Record
    from imagine._conversing.window import Window
    from imagine._running.loop import Asked
    from imagine._running.toolset import Toolset
    from imagine._running.turns import Event
    from imagine.types.chat_completions import ChatCompletionResponse, ChatMessage

__all__ = ["Exchange"]


class Exchange(ToolLoop):
    """A run about one question, which sends what fits of the conversation before it."""

    def __init__(
        self,
        ask: Callable[[Sequence[object], int], Asked],
        toolset: Toolset,
        question: ChatMessage,
        record: Record,
        window: Window,
        max_turns: int,
    ) -> None:
        super().__init__(ask, toolset, [*record.messages, question], max_turns)
        self._question = question
        self._record = record
        self._window = window
        self._sent: list[ChatMessage] = []
        self._before: list[ChatMessage] | None = None
        """What was said before; None before it has begun, and once it is kept."""

    def check(self) -> None:
        """Raise ValueError where the question would be refused, before there is a run."""
        self._window.of(checked_messages(self.messages))

    def keep_partial(self) -> None:
        """Stop, and keep the question with what came of it; nothing where nothing came."""
        if self._whole or self._before is None:
            return
        if len(self._record.begin(self)) != len(self._before):
            self._record.end(self)
            raise ImagineException("the conversation has gone on since this stream was left: keep what came at once")
        super().keep_partial()
        self._keep()

    def _to_send(self) -> Sequence[object]:
        if not self.turns:
            self._before = self._record.begin(self)
            self.messages[:] = [*self._before, self._question]
        try:
            self._sent = self._window.of([*(self._before or ()), *self._came()])
        except ValueError as error:
            if not self.turns:
                raise
            raise ImagineToolException(f"{error}; `messages` has all of it", "budget") from error
        return self._sent

    def _hear(self, answer: ChatCompletionResponse) -> None:
        super()._hear(answer)
        usage = answer.usage
        self._record.spend(usage)
        self._window.learn(self._sent, usage.prompt_tokens if usage else None)

    def _end_turn(self) -> list[Event]:
        events = super()._end_turn()
        if self._whole and self._record.is_asked_by(self):
            self._keep()
        return events

    def _came(self) -> list[ChatMessage]:
        """Return the question and what came of it, to which users may have added."""
        first = len(self._before or ())
        return checked_messages(self.messages[first:], first)

    def _keep(self) -> None:
        said, self._before = self._came(), None
        if len(said) > 1:
            self._record.keep(self, said)
        self._record.end(self)

    def _stop(self) -> None:
        super()._stop()
        self._record.end(self)
