"""How a conversation is led: its model, its tools, its options, its budget."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine._conversing.exchange import Exchange
from imagine._conversing.messages import question_of
from imagine._conversing.window import Window
from imagine._options.call import SamplingOptions, split_options
from imagine._options.client import at_least
from imagine._redaction.redaction import Redaction
from imagine._running.beginning import Question, Rules, max_tokens_of, whole
from imagine._running.loop import Asked
from imagine._tool import Tool, as_tools
from imagine.types.base import to_json
from imagine.types.chat_completions import ChatCompletionResponse, ChatMessage

if TYPE_CHECKING:
    from imagine._conversing.gauge import Gauge
    from imagine._conversing.record import Record

__all__ = ["Means", "Plan", "only_tools"]

_at_least_one = at_least(1)


class Means(msgspec.Struct, frozen=True):
    """What a conversation needs of its client."""

    chat: Callable[..., Coroutine[Any, Any, ChatCompletionResponse]]
    chat_stream: Callable[..., Asked]
    redaction: Callable[[], Redaction]


class Plan(msgspec.Struct, frozen=True):
    """What does not change while it goes on; TypeError or ValueError, which names the argument, where it cannot be."""

    means: Means
    system: str | None
    model: str
    tools: list[Tool]
    budget: int | None
    max_turns: int
    options: SamplingOptions

    def __post_init__(self) -> None:
        if not isinstance(cast("object", self.system), str | None):
            raise TypeError(f"system must be a str, not {type(self.system).__name__}")
        if not isinstance(cast("object", self.model), str):
            raise TypeError(f"model must be a str, not {type(self.model).__name__}")
        _at_least_one("max_turns", self.max_turns)
        if self.budget is not None:
            _at_least_one("budget", self.budget)
        split_options("conversation", self.options)

    def exchange(
        self, record: Record, gauge: Gauge, content: object, options: SamplingOptions, *, streams: bool
    ) -> Exchange:
        """Check a question, and return a run of which nothing is sent yet."""
        asked, options = question_of(content), self._options(options, streams=streams)
        method, ask = ("ask_stream", self.means.chat_stream) if streams else ("ask", partial(whole, self.means.chat))
        question = Question(method, ask, [asked], self.model, None, options)
        toolset = Rules(self.tools, self.max_turns).toolset(max_tokens_of(options), self.means.redaction)
        question.check(toolset.offers)
        window = self.window(gauge, options)
        return Exchange(partial(question.asked, toolset), toolset, asked, record, window, self.max_turns)

    def window(self, gauge: Gauge, options: SamplingOptions) -> Window:
        """Return what may be sent beside an answer that these options ask for."""
        max_tokens = max_tokens_of(options)
        system = [] if self.system is None else [ChatMessage(role="system", content=self.system)]
        offers = to_json([tool.offer() for tool in self.tools]).decode() if self.tools else ""
        tools = [ChatMessage(role="system", content=offers)] if offers else []
        return Window(gauge, system, tools, self.budget, max_tokens if isinstance(max_tokens, int) else 0)

    def _options(self, options: SamplingOptions, *, streams: bool) -> SamplingOptions:
        """Put the options of a question over those of the conversation, of which some are for streams alone."""
        usual = {name: value for name, value in self.options.items() if streams or name != "stream_options"}
        return cast("SamplingOptions", {**usual, **options})


def only_tools(tools: Any) -> list[Tool]:
    """Return functions as tools; TypeError for what is only described, since a conversation calls what is asked for."""
    made = as_tools(() if tools is None else tools)
    for place, one in enumerate(made):
        if not isinstance(one, Tool):
            raise TypeError(f"tools[{place}] is only described, and a conversation calls its tools: give a function")
    return cast("list[Tool]", made)
