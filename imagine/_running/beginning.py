"""The arguments of a run, checked and made into its parts."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine._options.call import SamplingOptions, split_options
from imagine._options.client import at_least
from imagine._requests import chat_request
from imagine._running.loop import Asked, ToolLoop
from imagine._running.toolset import ToolErrors, Toolset
from imagine._running.whole import Whole
from imagine._tool import Offer, Tool, as_tools, name_of
from imagine.limits import positive_seconds

if TYPE_CHECKING:
    from imagine._redaction.redaction import Redaction
    from imagine.types.chat_completions import ChatCompletionResponse

__all__ = ["Question", "Rules", "begun", "max_tokens_of", "whole"]

_FREE = ("auto", "none")
_at_least_one = at_least(1)


class Rules(msgspec.Struct, frozen=True):
    """How tools are called, as the user said it; ValueError or TypeError, which names the argument, where it cannot."""

    tools: Any
    max_turns: int
    tool_timeout: float | None = 60.0
    tool_concurrency: int = 8
    tool_errors: ToolErrors = "tell"

    def __post_init__(self) -> None:
        _at_least_one("max_turns", self.max_turns)
        _at_least_one("tool_concurrency", self.tool_concurrency)
        if self.tool_timeout is not None:
            positive_seconds("tool_timeout", self.tool_timeout)
        if self.tool_errors not in ("tell", "raise") and not callable(self.tool_errors):
            raise ValueError(f"tool_errors must be 'tell', 'raise' or a function, not {self.tool_errors!r}")
        if inspect.iscoroutinefunction(self.tool_errors):
            raise TypeError("tool_errors must be a function that is not async: it says at once what the model is told")

    def toolset(self, max_tokens: object, redaction: Callable[[], Redaction]) -> Toolset:
        """Return the tools, as they are called in a run that begins now."""
        given = as_tools(self.tools)
        endless = self.tool_timeout is None or math.isinf(self.tool_timeout)
        return Toolset(
            tools={str(name): one if isinstance(one, Tool) else None for one in given if (name := name_of(one))},
            offers=[one.offer() if isinstance(one, Tool) else one for one in given],
            timeout=None if endless else self.tool_timeout,
            max_tokens=max_tokens,
            concurrency=self.tool_concurrency,
            errors=self.tool_errors,
            context=copy_context(),
            redaction=redaction,
        )


class Question(msgspec.Struct, frozen=True):
    """What is asked in each turn, and how."""

    method: str
    """Of the client, which errors name."""
    ask: Callable[..., Asked]
    messages: Any
    model: str
    tool_choice: Any
    options: SamplingOptions

    def check(self, offers: list[Offer]) -> None:
        """Raise what a chat would raise, before there is one."""
        sampling, _ = split_options(self.method, self.options)
        chat_request(self.messages, self.model, offers or None, self.tool_choice, None, sampling, stream=False)

    def asked(self, toolset: Toolset, messages: Sequence[object], turn: int) -> Asked:
        """Ask, in the caller's context. A choice that forces a call would force one in each turn, for ever."""
        choice = self.tool_choice if turn == 0 or self.tool_choice in _FREE else None
        ask = partial(self.ask, messages, self.model, tools=toolset.offers or None, tool_choice=choice, **self.options)
        return toolset.context.copy().run(ask)


def max_tokens_of(options: SamplingOptions) -> object:
    """Return the limit of each answer, where one was given."""
    extra = options.get("extra_body") or {}
    return extra.get("max_tokens", options.get("max_tokens"))


def whole(chat: Callable[..., Coroutine[Any, Any, ChatCompletionResponse]], *args: Any, **kwargs: Any) -> Whole:
    """Ask for an answer that comes whole."""
    return Whole(chat(*args, **kwargs))


def begun(question: Question, rules: Rules, redaction: Callable[[], Redaction]) -> ToolLoop:
    """Check what is asked, and return a run of which nothing is sent yet."""
    messages = cast("object", question.messages)
    if isinstance(messages, Iterator):  # it can be read once
        question = msgspec.structs.replace(question, messages=list(cast("Iterator[object]", messages)))
    toolset = rules.toolset(max_tokens_of(question.options), redaction)
    if not toolset.offers:
        raise ValueError("tools must have at least one: use chat where there are none")
    question.check(toolset.offers)
    ask = partial(question.asked, toolset)
    return ToolLoop(ask, toolset, list(question.messages), rules.max_turns)
