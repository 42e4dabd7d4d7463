"""Answers of the service as LangChain has them: whole ones, and the chunks of a stream."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from langchain_core.messages import AIMessage, AIMessageChunk, InvalidToolCall, ToolCall, ToolCallChunk
from langchain_core.messages.tool import invalid_tool_call, tool_call, tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from imagine._answers.folding import ChoiceBuilder
from imagine.langchain.tokens import told_usage, usage_metadata
from imagine.langchain.told_once import ToldOnce
from imagine.types.chat_completions import (
    ChatCompletionResponse,
    ChatCompletionResponseChoice,
    ChatCompletionStreamResponse,
    ChatMessage,
)
from imagine.types.common import ChatMessageToolCall, DeltaMessage

__all__ = ["ChatChunks", "chat_result"]


def chat_result(answer: ChatCompletionResponse) -> ChatResult:
    """Return a whole answer: a generation for each choice, and the count of tokens with the first."""
    generations = [_generation(choice, answer) for choice in answer.choices]
    if generations:
        cast("AIMessage", generations[0].message).usage_metadata = usage_metadata(answer.usage)
    told = {"token_usage": told_usage(answer.usage), "model_name": answer.model, "id": answer.id}
    return ChatResult(generations=generations, llm_output=told)


def _generation(choice: ChatCompletionResponseChoice, answer: ChatCompletionResponse) -> ChatGeneration:
    calls, invalid = _tool_calls(choice.message)
    message = AIMessage(
        content=cast("Any", choice.message.content or ""),
        additional_kwargs=_beside_text(choice.message),
        tool_calls=calls,
        invalid_tool_calls=invalid,
    )
    reason = choice.finish_reason.value if choice.finish_reason else None
    told = {"model_name": answer.model, "finish_reason": reason, "logprobs": choice.logprobs}
    return ChatGeneration(message=message, generation_info=_without_none(told))


def _beside_text(message: ChatMessage | DeltaMessage) -> dict[str, Any]:
    """Return what LangChain keeps beside the text; of the reasoning it makes blocks, for those who ask."""
    reasoning = message.reasoning if message.reasoning_content is None else message.reasoning_content
    told = {"refusal": message.refusal, "annotations": message.annotations, "audio": message.audio}
    return _without_none({"reasoning_content": reasoning, **told})


def _without_none(told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None}


def _tool_calls(message: ChatMessage) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Part calls whose arguments are an object from those that LangChain keeps as they are, with the reason."""
    good: list[ToolCall] = []
    bad: list[InvalidToolCall] = []
    for call in message.tool_calls or ():
        name, text = (call.function.name, call.function.arguments) if call.function else (None, None)
        try:
            arguments = json.loads(text or "{}", strict=False)
            if not name or not isinstance(arguments, dict):
                raise ValueError("a tool is called with a name and a JSON object")
            good.append(tool_call(name=name, args=cast("dict[str, Any]", arguments), id=call.id))
        except (ValueError, RecursionError) as error:
            bad.append(invalid_tool_call(name=name, args=text, id=call.id, error=str(error)))
    return good, bad


class ChatChunks:
    """Makes chunks of those of one stream: pieces as they come, and one at the end that tells the rest once."""

    def __init__(self) -> None:
        self._calls = ChoiceBuilder()
        self._told = ToldOnce()

    def of(self, chunk: ChatCompletionStreamResponse) -> Iterator[ChatGenerationChunk]:
        """Yield the piece of a chunk, unless it has none."""
        self._told.note(chunk)
        for choice in chunk.choices[:1]:
            calls = [self._piece(piece) for piece in choice.delta.tool_calls or ()]
            beside, info = _beside_text(choice.delta), _without_none({"logprobs": choice.logprobs})
            if choice.delta.content or calls or beside or info:
                text = choice.delta.content or ""
                message = AIMessageChunk(content=text, tool_call_chunks=calls, additional_kwargs=beside)
                yield ChatGenerationChunk(message=message, generation_info=info or None)

    def last(self) -> ChatGenerationChunk:
        """Return the chunk that tells what holds for the whole answer."""
        message = AIMessageChunk(content="", usage_metadata=usage_metadata(self._told.usage))
        return ChatGenerationChunk(message=message, generation_info=self._told.facts)

    def _piece(self, piece: ChatMessageToolCall) -> ToolCallChunk:
        """Return the piece of a tool call under the call's place, whatever index the service gives it.

        The name and the id are told where they are new: some services repeat them.
        """
        call = self._calls.tool_call_of(piece)
        name, is_named = call.name, bool(call.id)
        call.add(piece)
        return tool_call_chunk(
            name=call.name[len(name) :] or None,
            args=(piece.function.arguments if piece.function else None) or "",
            id=None if is_named else call.id or None,
            index=self._calls.tool_calls.index(call),
        )
