"""What holds for a whole stream, noted while it passes: LangChain joins the texts of all chunks, a model's name too."""

from __future__ import annotations

from typing import Any

from imagine.types.chat_completions import ChatCompletionStreamResponse
from imagine.types.common import UsageInfo
from imagine.types.completions import CompletionStreamResponse

__all__ = ["ToldOnce"]


class ToldOnce:
    """The model, the finish reason of the first choice, and the count of tokens."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.usage: UsageInfo | None = None

    def note(self, chunk: ChatCompletionStreamResponse | CompletionStreamResponse) -> None:
        """Note what a chunk says of them."""
        self.usage = chunk.usage or self.usage
        if chunk.model:
            self.facts["model_name"] = chunk.model
        for choice in chunk.choices[:1]:
            if choice.finish_reason:
                self.facts["finish_reason"] = choice.finish_reason.value
