"""A reply on its way: reasoning, text and tool calls, piece by piece."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imagine.server.engines import Token
from imagine.server.work import ToolWork
from imagine.types.common import ChatMessageToolCall, Function

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine.server.replies.reply import Reply

    Json = dict[str, Any]

__all__ = ["ReplyWork"]


@dataclass
class ReplyWork:
    """A reply as `Generation` sends it."""

    reply: Reply
    finish_reason: str | None = None
    sent: list[Json] = field(default_factory=list["Json"])

    def __post_init__(self) -> None:
        self._tools = ToolWork([_call(*call) for call in self.reply.calls], 0)

    def deltas(self) -> Iterator[Json]:
        """Yield the pieces, and an empty one at the end."""
        for delta in self._pieces():
            self.sent.append(delta)
            yield delta
        self.finish_reason = self.reply.finish_reason or ("tool_calls" if self.reply.tool_calls else "stop")
        yield {}

    def finish(self) -> None:
        """Send all pieces at once."""
        for _ in self.deltas():
            pass

    @property
    def made(self) -> list[Token]:
        """The pieces of the text so far, each of which counts as a token."""
        return [Token(delta["content"]) for delta in self.sent if "content" in delta]

    @property
    def output_tokens(self) -> int:
        """Pieces so far, each of which counts as a token."""
        return len(self.sent)

    def message(self) -> Json:
        """Return what has been made so far; no text beside tool calls is null, as services send it."""
        content, reasoning = self._joined("content"), self._joined("reasoning_content")
        tools: list[Json] = (
            self._tools.message()["tool_calls"] if any("tool_calls" in delta for delta in self.sent) else []
        )
        said: Json = {"content": None if tools and not content else content, "tool_calls": tools}
        return {**said, "reasoning_content": reasoning} if reasoning else said

    def _pieces(self) -> Iterator[Json]:
        if self.reply.reasoning:
            yield {"reasoning_content": self.reply.reasoning}
        for text in self.reply.pieces:
            yield {"content": text}
        yield from filter(None, self._tools.deltas())  # its end is not the reply's

    def _joined(self, part: str) -> str:
        return "".join(delta.get(part, "") for delta in self.sent)


def _call(name: str, arguments: str) -> ChatMessageToolCall:
    return ChatMessageToolCall(
        id=f"call_{uuid4().hex[:12]}", type="function", function=Function(name=name, arguments=arguments)
    )
