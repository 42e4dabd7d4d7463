"""What a conversation is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imagine._conversing.exchange import Exchange
    from imagine._conversing.gauge import Gauge
    from imagine._conversing.plan import Plan
    from imagine._conversing.record import Record
    from imagine._options.call import SamplingOptions
    from imagine.types.chat_completions import ChatMessage

__all__ = ["Talk"]


class Talk(NamedTuple):
    """How it is led, what was said, and what that takes."""

    plan: Plan
    record: Record
    gauge: Gauge

    def exchange(self, content: object, options: SamplingOptions, *, streams: bool) -> Exchange:
        """Check a question, and return a run of which nothing is sent yet."""
        return self.plan.exchange(self.record, self.gauge, content, options, streams=streams)

    def window(self) -> list[ChatMessage]:
        """Return what would be sent of it."""
        return self.plan.window(self.gauge, self.plan.options).of(self.record.checked())

    def fork(self) -> Talk:
        """Return one that begins with the same, and goes on by itself."""
        return Talk(self.plan, self.record.fork(), self.gauge.copy())
