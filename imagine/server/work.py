"""What engines make for one call, in pieces: text token by token, or tool calls."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Protocol

from imagine.server.engines import Token

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagine.server.engines import TextEngine
    from imagine.types.chat_completions import ChatCompletionRequest
    from imagine.types.common import ChatMessageToolCall

    Json = dict[str, Any]

__all__ = ["Part", "TextWork", "ToolWork", "Work", "in_sequence", "interleaved", "work_of_chat", "work_of_text"]

_ARGUMENTS_PER_DELTA = 8


class Work(Protocol):
    """An answer being made; it keeps what has been made so far."""

    finish_reason: str | None

    @property
    def made(self) -> Sequence[Token]:
        """The tokens of the text so far."""
        ...

    def deltas(self) -> Iterator[Json]:
        """Make it, and yield the pieces of the message."""
        ...

    def finish(self) -> None:
        """Make all of it at once."""
        ...

    @property
    def output_tokens(self) -> int:
        """Tokens made so far."""
        ...

    def message(self) -> Json:
        """Return the content and the tool calls made so far."""
        ...


@dataclass
class TextWork:
    """Text, token by token."""

    tokens: Iterator[Token]
    finish_reason: str | None = None
    made: list[Token] = field(default_factory=list[Token])

    def deltas(self) -> Iterator[Json]:
        """Yield a piece per token."""
        for token in self.tokens:
            self.made.append(token)
            self.finish_reason = token.finish_reason
            yield {"content": token.text}

    def finish(self) -> None:
        """Make all of it; what came before an error is kept."""
        self.made.extend(self.tokens)
        self.finish_reason = self.made[-1].finish_reason if self.made else None

    @property
    def output_tokens(self) -> int:
        """Tokens so far; the end mark, which has no text, does not count."""
        return len([token for token in self.made if token.text])

    def message(self) -> Json:
        """Return the text so far."""
        return {"content": "".join([token.text for token in self.made])}


@dataclass
class ToolWork:
    """Tool calls, whose arguments come in pieces."""

    calls: list[ChatMessageToolCall]
    output_tokens: int
    finish_reason: str | None = None
    made: tuple[Token, ...] = ()

    def deltas(self) -> Iterator[Json]:
        """Yield a piece that opens each call, pieces of its arguments, and an empty one at the end."""
        for index, call in enumerate(self.calls):
            for piece in _pieces(call):
                yield {"tool_calls": [{"index": index, **piece}]}
        self.finish()
        yield {}

    def finish(self) -> None:
        """Make nothing more: the calls are there."""
        self.finish_reason = "tool_calls"

    def message(self) -> Json:
        """Return the calls."""
        return {"content": None, "tool_calls": [_call(call, _arguments(call)) for call in self.calls]}


def _pieces(call: ChatMessageToolCall) -> Iterator[Json]:
    arguments = _arguments(call)
    yield _call(call, "")
    for at in range(0, len(arguments), _ARGUMENTS_PER_DELTA):
        yield {"function": {"arguments": arguments[at : at + _ARGUMENTS_PER_DELTA]}}


def _arguments(call: ChatMessageToolCall) -> str:
    return (call.function and call.function.arguments) or ""


def _call(call: ChatMessageToolCall, arguments: str) -> Json:
    name = call.function and call.function.name
    return {"id": call.id, "type": "function", "function": {"name": name, "arguments": arguments}}


@dataclass(frozen=True)
class Part:
    """One prompt of a request, and the answers that are made for it."""

    request: Json
    """The request with this prompt alone, as it is remembered."""
    prompt_tokens: int
    works: list[Work]

    @property
    def output_tokens(self) -> int:
        """Tokens made so far, of all answers."""
        return sum([work.output_tokens for work in self.works])


def interleaved(works: Sequence[Work]) -> Iterator[tuple[int, Work, Json]]:
    """Make several answers side by side, and yield each piece with the place of its answer."""
    for row in zip_longest(*(work.deltas() for work in works)):
        for index, delta in enumerate(row):
            if delta is not None:
                yield index, works[index], delta


def in_sequence(works: Sequence[Work]) -> Iterator[tuple[int, Work, Json]]:
    """Make several answers one after the other, and yield each piece with the place of its answer."""
    for index, work in enumerate(works):
        yield from ((index, work, delta) for delta in work.deltas())


def work_of_chat(engine: TextEngine, asked: ChatCompletionRequest) -> Work:
    """Begin the answer to a conversation: the tool calls that it asks for, or a text."""
    calls = engine.tool_calls(asked)
    if calls:
        return ToolWork(calls, sum(engine.count(_arguments(call)) for call in calls))
    return TextWork(engine.chat(asked))


def work_of_text(text: str, limit: int | None) -> Work:
    """Pass on a finished text word by word, at most `limit` words of it."""
    words = [match[0] for match in re.finditer(r"\s*\S+", text)]
    end = Token("", "stop" if limit is None or len(words) <= limit else "length")
    return TextWork(iter([*(Token(word) for word in words[:limit]), end]))
