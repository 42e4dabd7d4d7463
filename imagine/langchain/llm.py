"""The model that continues a text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseLLM
from langchain_core.language_models.base import LangSmithParams
from langchain_core.outputs import GenerationChunk, LLMResult

from imagine._blocking.stream import Stream
from imagine.langchain.connection import STRICT, wait_for
from imagine.langchain.sampling import Sampled
from imagine.langchain.several import each
from imagine.langchain.texts import TextChunks, result_of, result_of_streams

__all__ = ["ImagineLLM"]


class ImagineLLM(Sampled, BaseLLM):
    """A model of the service that continues a text; unknown fields are an error.

    Calls take the client's keywords, such as `max_tokens=`, `model=`, `timeout=` or `extra_body=`, and raise its
    exceptions.
    """

    model_config = STRICT

    @property
    def _llm_type(self) -> str:
        return "imagine-llm"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        told = super()._get_ls_params(stop=stop, **kwargs)
        told["ls_provider"] = "imagine"
        return told

    def _generate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        if self.streaming:
            return result_of_streams([list(self._stream(prompt, stop, run_manager, **kwargs)) for prompt in prompts])
        asked, client = self._asked(stop, kwargs), self._blocking
        return result_of(wait_for(lambda: each(lambda prompt: client.completion(prompt, **asked), prompts)))

    async def _agenerate(
        self,
        prompts: list[str],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> LLMResult:
        if self.streaming:
            streamed = partial(self._streamed, stop, run_manager, kwargs)
            return result_of_streams(await each(streamed, prompts))
        asked, client = self._asked(stop, kwargs), self._awaited
        return result_of(await each(lambda prompt: client.completion(prompt, **asked), prompts))

    async def _streamed(
        self,
        stop: list[str] | None,
        run_manager: AsyncCallbackManagerForLLMRun | None,
        given: dict[str, Any],
        prompt: str,
    ) -> list[GenerationChunk]:
        return [chunk async for chunk in self._astream(prompt, stop, run_manager, **given)]

    def _stream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[GenerationChunk]:
        asked, chunks = self._asked(stop, kwargs, stream=True), TextChunks()
        with Stream(self._blocking.completion_stream(prompt, **asked)) as stream:
            for chunk in stream:
                for piece in chunks.of(chunk):
                    if run_manager:
                        run_manager.on_llm_new_token(piece.text, chunk=piece)
                    yield piece
        yield chunks.last()

    async def _astream(
        self,
        prompt: str,
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[GenerationChunk]:
        asked, chunks = self._asked(stop, kwargs, stream=True), TextChunks()
        async with self._awaited.completion_stream(prompt, **asked) as stream:
            async for chunk in stream:
                for piece in chunks.of(chunk):
                    if run_manager:
                        await run_manager.on_llm_new_token(piece.text, chunk=piece)
                    yield piece
        yield chunks.last()

    def _asked(self, stop: list[str] | None, given: dict[str, Any], *, stream: bool = False) -> dict[str, Any]:
        """Return the arguments of the client's method, but the prompt."""
        return {"model": self.model, **self._keywords(stop, given, stream=stream)}
