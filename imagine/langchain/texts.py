"""Continued texts as LangChain has them: whole ones, and the chunks of a stream."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.outputs import Generation, GenerationChunk, LLMResult

from imagine.langchain.tokens import combined, told_usage
from imagine.langchain.told_once import ToldOnce
from imagine.types.completions import CompletionResponse, CompletionResponseChoice, CompletionStreamResponse

__all__ = ["TextChunks", "result_of", "result_of_streams"]


def result_of(answers: Sequence[CompletionResponse]) -> LLMResult:
    """Return whole answers, one for each prompt, with a generation for each choice."""
    generations: list[list[Any]] = [[_generation(choice) for choice in answer.choices] for answer in answers]
    outputs = [{"token_usage": told_usage(answer.usage), "model_name": answer.model} for answer in answers]
    return LLMResult(generations=generations, llm_output=combined(outputs))


def _generation(choice: CompletionResponseChoice) -> Generation:
    reason = choice.finish_reason.value if choice.finish_reason else None
    told = {"finish_reason": reason, "logprobs": choice.logprobs}
    return Generation(text=choice.text, generation_info={name: told[name] for name in told if told[name] is not None})


def result_of_streams(streams: Sequence[Sequence[GenerationChunk]]) -> LLMResult:
    """Return the streams of several prompts as whole answers."""
    outputs = [chunks[-1].generation_info or {} for chunks in streams]
    generations: list[list[Any]] = [
        [Generation(text="".join(chunk.text for chunk in chunks), generation_info=told)]
        for chunks, told in zip(streams, outputs, strict=True)
    ]
    return LLMResult(generations=generations, llm_output=combined(outputs))


class TextChunks:
    """Makes chunks of those of one stream: pieces as they come, and one at the end that tells the rest once."""

    def __init__(self) -> None:
        self._told = ToldOnce()

    def of(self, chunk: CompletionStreamResponse) -> Iterator[GenerationChunk]:
        """Yield the piece of a chunk, unless it has none."""
        self._told.note(chunk)
        for choice in chunk.choices[:1]:
            if choice.delta.content or choice.logprobs:
                info = {"logprobs": choice.logprobs} if choice.logprobs else None
                yield GenerationChunk(text=choice.delta.content or "", generation_info=info)

    def last(self) -> GenerationChunk:
        """Return the chunk that tells what holds for the whole answer."""
        usage = {"token_usage": told_usage(self._told.usage)} if self._told.usage else {}
        return GenerationChunk(text="", generation_info={**self._told.facts, **usage})
