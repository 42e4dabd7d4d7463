"""The chat model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput, ModelProfile
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough

from imagine._blocking.stream import Stream
from imagine.langchain.connection import STRICT, wait_for
from imagine.langchain.incoming import ChatChunks, chat_result
from imagine.langchain.outgoing import messages_for
from imagine.langchain.sampling import Sampled
from imagine.langchain.structured import METHODS, Method, Schema
from imagine.langchain.tokens import combined
from imagine.langchain.tools import Tool, ToolChoice, tool_keywords

__all__ = ["ImagineChat"]


class ImagineChat(Sampled, BaseChatModel):
    """A chat model of the service; unknown fields are an error.

    Calls take the client's keywords, such as `max_tokens=`, `model=`, `timeout=` or `extra_body=`, and raise its
    exceptions.
    """

    model_config = STRICT

    @property
    def _llm_type(self) -> str:
        return "imagine-chat"

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        told = super()._get_ls_params(stop=stop, **kwargs)
        told["ls_provider"] = "imagine"
        return told

    def _resolve_model_profile(self) -> ModelProfile:
        return {
            "tool_calling": True,
            "tool_choice": True,
            "structured_output": True,
            "image_inputs": True,
            "image_url_inputs": True,
        }

    def _combine_llm_outputs(self, llm_outputs: list[dict[str, Any] | None]) -> dict[str, Any]:
        return combined(llm_outputs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        asked = self._asked(messages, stop, kwargs)
        return chat_result(wait_for(partial(self._blocking.chat, **asked)))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return chat_result(await self._awaited.chat(**self._asked(messages, stop, kwargs)))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        asked, chunks = self._asked(messages, stop, kwargs, stream=True), ChatChunks()
        with Stream(self._blocking.chat_stream(**asked)) as stream:
            for chunk in stream:
                yield from chunks.of(chunk)
        yield chunks.last()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        asked, chunks = self._asked(messages, stop, kwargs, stream=True), ChatChunks()
        async with self._awaited.chat_stream(**asked) as stream:
            async for chunk in stream:
                for piece in chunks.of(chunk):
                    yield piece
        yield chunks.last()

    def _asked(
        self, messages: list[BaseMessage], stop: list[str] | None, given: dict[str, Any], *, stream: bool = False
    ) -> dict[str, Any]:
        """Return the arguments of the client's method."""
        keywords = {"model": self.model, **self._keywords(stop, given, stream=stream)}
        return {"messages": messages_for(messages), **keywords}

    def bind_tools(
        self,
        tools: Sequence[Tool],
        *,
        tool_choice: ToolChoice = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools that it may ask to be called.

        Args:
            tools: Functions, classes, tools of LangChain, or definitions as the service reads them.
            tool_choice: A tool's name, `auto`, `none`, or `any` (True, `required`): at least one must be called.
            strict: Whether arguments have to fit the schema, where the service knows of it.
            kwargs: Further keywords of the calls.

        Raises:
            ValueError: `tool_choice` is none of the tools.
        """
        return self.bind(**tool_keywords(tools, tool_choice, strict), **kwargs)

    def with_structured_output(
        self,
        schema: Schema | None = None,
        *,
        method: Method = "function_calling",
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a runnable whose answers have the form of a schema.

        Args:
            schema: A pydantic class, whose instances are returned; else a TypedDict class or JSON Schema, for dicts.
            method: `function_calling`, `json_schema`, or `json_mode`, whose prompt has to tell the form.
            include_raw: Whether to return a dict of `raw`, `parsed` and `parsing_error`, which is not raised then.
            strict: Whether the answer has to fit the schema exactly, where the service knows of it.
            kwargs: Further keywords of the calls.

        Raises:
            ValueError: No such method, no schema, or `strict` with `json_mode`.
        """
        if method not in METHODS:
            raise ValueError(f"method= {method!r} is none of {', '.join(METHODS)}")
        keywords, parser = METHODS[method](schema, strict)
        told = {"kwargs": {"method": method, "strict": strict}, "schema": schema or {}}
        asked = self.bind(**keywords, ls_structured_output_format=told, **kwargs)
        return _with_raw(asked, parser) if include_raw else asked | parser


def _with_raw(asked: Runnable[Any, Any], parser: Runnable[Any, Any]) -> Runnable[Any, Any]:
    """Return a runnable that gives the answer as it came beside what the parser makes of it, or why it cannot."""
    parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
    failed = RunnablePassthrough.assign(parsed=lambda _: None)
    return RunnableMap(raw=asked) | parsed.with_fallbacks([failed], exception_key="parsing_error")
