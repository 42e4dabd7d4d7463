"""`ImagineLLM`: chats, completions and calls of tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import ChatMessage, LLMMetadata, MessageRole
from llama_index.core.bridge.pydantic import Field
from llama_index.core.constants import DEFAULT_NUM_OUTPUTS
from llama_index.core.llms.function_calling import FunctionCallingLLM

from imagine.llama_index.clients import Connected
from imagine.llama_index.messages import (
    chat_response,
    completion_response,
    sent_messages,
    with_one_tool_call,
)
from imagine.llama_index.pieces import ChatPieces, CompletionPieces, read, read_async
from imagine.llama_index.tools import choice, offers, selections
from imagine.llama_index.typed import told_as_chat, told_as_completion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llama_index.core.base.llms.types import (
        ChatResponse,
        ChatResponseAsyncGen,
        ChatResponseGen,
        CompletionResponse,
        CompletionResponseAsyncGen,
        CompletionResponseGen,
    )
    from llama_index.core.llms.llm import ToolSelection
    from llama_index.core.tools.types import BaseTool

__all__ = ["ImagineLLM"]

_SAMPLING = (
    *("temperature", "max_tokens", "top_p", "top_k", "frequency_penalty", "presence_penalty", "repetition_penalty"),
    *("stop", "seed", "max_seconds", "ignore_eos", "skip_special_tokens", "stop_token_ids"),
)
"""Fields that go with each request, under their own names."""


class ImagineLLM(Connected, FunctionCallingLLM):
    """A model of the service for LlamaIndex.

    Every field that is None is left to the service. Each call takes the same names as keywords, `model=` and the
    options of the SDK's calls (`deadline=`, `extra_body=`, …) among them; they win over the fields.

    Raises pydantic's ValidationError for a field unknown or of the wrong type; its methods raise what the SDK's do.
    """

    model: str = Field(default="Llama-3.1-8B", description="Name of the model.")
    temperature: float | None = Field(default=None, description="From 0 to 2.")
    max_tokens: int | None = Field(default=None, description="The most tokens to generate.")
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    stop: str | list[str] | None = Field(default=None, description="A text that ends the answer, or several.")
    seed: int | None = None
    max_seconds: int | None = None
    ignore_eos: bool | None = None
    skip_special_tokens: bool | None = None
    stop_token_ids: list[list[int]] | None = None
    stream_usage: bool = Field(default=True, description="Whether streams are asked for their counts of tokens.")
    model_kwargs: dict[str, Any] = Field(default_factory=dict, description="Members merged into the body.")
    context_window: int = Field(default=8192, gt=0, description="Tokens of prompt and answer that the model takes.")

    @classmethod
    def class_name(cls) -> str:
        """Return the name that dumps carry."""
        return "ImagineLLM"

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex plans by: the sizes, the name, and that it chats and calls functions."""
        return LLMMetadata(
            context_window=self.context_window,
            num_output=self.max_tokens or DEFAULT_NUM_OUTPUTS,
            is_chat_model=True,
            is_function_calling_model=True,
            model_name=self.model,
        )

    @told_as_chat
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Return a complete answer; `additional_kwargs` has its finish reason and counts of tokens."""
        answer = self._blocking.chat(sent_messages(messages), **self._options(kwargs))
        return chat_response(answer, answer.raw or answer.model_dump())

    @told_as_chat
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Return a complete answer; `additional_kwargs` has its finish reason and counts of tokens."""
        answer = await self._awaited.chat(sent_messages(messages), **self._options(kwargs))
        return chat_response(answer, answer.raw or answer.model_dump())

    @told_as_chat
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Give the answer as it grows; the request is sent when the first piece is asked for."""
        stream = self._blocking.chat_stream(sent_messages(messages), **self._stream_options(kwargs))
        return read(stream, ChatPieces())

    @told_as_chat
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseAsyncGen:
        """Give the answer as it grows; the request is sent when the first piece is asked for."""
        stream = self._awaited.chat_stream(sent_messages(messages), **self._stream_options(kwargs))
        return read_async(stream, ChatPieces())

    @told_as_completion
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Continue a prompt, which `completion_to_prompt` puts in form unless it is `formatted`."""
        answer = self._blocking.completion(self._prompt(prompt, formatted), **self._options(kwargs))
        return completion_response(answer, answer.raw or answer.model_dump())

    @told_as_completion
    async def acomplete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Continue a prompt, which `completion_to_prompt` puts in form unless it is `formatted`."""
        answer = await self._awaited.completion(self._prompt(prompt, formatted), **self._options(kwargs))
        return completion_response(answer, answer.raw or answer.model_dump())

    @told_as_completion
    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseGen:
        """Give the continuation as it grows; the request is sent when the first piece is asked for."""
        stream = self._blocking.completion_stream(self._prompt(prompt, formatted), **self._stream_options(kwargs))
        return read(stream, CompletionPieces())

    @told_as_completion
    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponseAsyncGen:
        """Give the continuation as it grows; the request is sent when the first piece is asked for."""
        stream = self._awaited.completion_stream(self._prompt(prompt, formatted), **self._stream_options(kwargs))
        return read_async(stream, CompletionPieces())

    def _prompt(self, prompt: str, formatted: bool) -> str:
        return prompt if formatted or self.completion_to_prompt is None else self.completion_to_prompt(prompt)

    def _options(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the options of a call; an empty `stop` is none, which strict services ask for."""
        given = {name: value for name in _SAMPLING if (value := getattr(self, name)) not in (None, [])}
        options = {"model": self.model, **given, **kwargs}
        extra: dict[str, Any] = {**self.model_kwargs, **(kwargs.get("extra_body") or {})}
        return {**options, "extra_body": extra} if extra else options

    def _stream_options(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        asked = {"stream_options": {"include_usage": True}} if self.stream_usage else {}
        return self._options({**asked, **kwargs})

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,  # noqa: ARG002 - what is printed is LlamaIndex's to print
        allow_parallel_tool_calls: bool = False,  # noqa: ARG002 - the service knows no such parameter
        tool_required: bool = False,
        tool_choice: str | bool | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        messages = list(chat_history or ())
        if user_msg is not None:
            asked = ChatMessage(role=MessageRole.USER, content=user_msg) if isinstance(user_msg, str) else user_msg
            messages.append(asked)
        chosen = choice(tool_choice, required=tool_required, tools=tools)
        return {"messages": messages, "tools": offers(tools) or None, "tool_choice": chosen, **kwargs}

    def _validate_chat_with_tools_response(
        self,
        response: ChatResponse,
        tools: Sequence[BaseTool],  # noqa: ARG002 - part of LlamaIndex's signature
        allow_parallel_tool_calls: bool = False,
        **kwargs: Any,  # noqa: ARG002 - the same
    ) -> ChatResponse:
        """Keep one call of a tool where several at once are not allowed: LlamaIndex fails on more."""
        if not allow_parallel_tool_calls:
            response.message = with_one_tool_call(response.message)
        return response

    def get_tool_calls_from_response(
        self,
        response: ChatResponse,
        error_on_no_tool_call: bool = True,
        **kwargs: Any,  # noqa: ARG002 - part of LlamaIndex's signature
    ) -> list[ToolSelection]:
        """Return the calls of tools that a response asks for, with what came of their arguments so far.

        Raises ValueError where there is none, unless `error_on_no_tool_call` is False; ImagineDecodeException for
        arguments of a whole response that are no JSON object.
        """
        found = selections(response)
        if not found and error_on_no_tool_call:
            said = (response.message.content or "")[:200]
            raise ValueError(f"the model was to call a tool, and answered in text: {said!r}")
        return found
