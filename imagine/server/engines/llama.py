"""Real models by llama.cpp, in this process: the extra `engine`.

A text engine writes one text at a time, so it belongs to one server, which lets requests wait for their turn.
"""

from __future__ import annotations

import json
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

import msgspec

from imagine.exceptions import ImagineExtraMissing
from imagine.server.engines.interface import Token
from imagine.server.engines.text.response_format import response_format
from imagine.server.engines.text.sampling import check, stop_texts
from imagine.types.chat_completions import ChatMessageToolCall, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from os import PathLike

    from imagine.types.chat_completions import ChatCompletionRequest, FunctionTool
    from imagine.types.common import LLMSamplingParams

    Json = dict[str, Any]

__all__ = ["LlamaCppEmbeddingEngine", "LlamaCppTextEngine"]

_LONGEST_TEXT = 2048
"""The most tokens of a text to embed; a model may take fewer."""
_NO_POOLING = 0
_GIVEN = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "max_tokens", "seed")


class _Llama(Protocol):
    """What is used of `llama_cpp.Llama`."""

    metadata: dict[str, str]

    def tokenize(self, text: bytes, add_bos: bool = True, special: bool = False) -> list[int]: ...

    def create_completion(self, prompt: str, **options: Any) -> Any: ...

    def create_chat_completion(self, messages: list[Json], **options: Any) -> Any: ...

    def embed(self, input: str, normalize: bool = False, truncate: bool = True) -> list[float]: ...

    def n_embd(self) -> int: ...

    def n_ctx(self) -> int: ...

    def token_eos(self) -> int: ...

    def pooling_type(self) -> int: ...


def _loaded(model: str | PathLike[str], **options: Any) -> _Llama:
    """Load a model; ImagineExtraMissing without the extra, ValueError for a file that is no model."""
    try:
        llama_cpp = import_module("llama_cpp")
    except ImportError as error:
        raise ImagineExtraMissing("engine") from error
    return cast("_Llama", llama_cpp.Llama(model_path=str(model), verbose=False, **options))


class LlamaCppTextEngine:
    """Writes text with a model in a GGUF file.

    A stop text is not part of the answer; `stop_token_ids` is refused; `max_seconds` and `skip_special_tokens` are
    ignored. The chat template is the file's own. A tool is called where `tool_choice` names it, or requires the only
    one; with "auto" the template shows the tools to the model, and what it writes about them is text.
    """

    takes_time = True

    def __init__(self, model: str | PathLike[str], context: int = 4096) -> None:
        """Load a model with room for so many tokens, those of the prompt and the answer together.

        ImagineExtraMissing without the extra `engine`; ValueError for a file that is not there or is no model.
        """
        self._llama = _loaded(model, n_ctx=context)

    def count(self, text: str) -> int:
        """Count the tokens of a text."""
        return len(self._llama.tokenize(text.encode(errors="replace"), add_bos=False))

    def complete(self, prompt: str, sampling: LLMSamplingParams) -> Iterator[Token]:
        """Continue a prompt; ValueError for an option out of its bounds, or in the first step for too long a prompt."""
        chunks = self._llama.create_completion(prompt, stream=True, **self._options(sampling))
        return (Token(choice.get("text") or "", choice.get("finish_reason")) for choice in _choices(chunks))

    def chat(self, request: ChatCompletionRequest) -> Iterator[Token]:
        """Answer a conversation in text, in the form that `response_format` asks for; ValueError as for `complete`."""
        tools = None if request.tool_choice == "none" else _plain(request.tools)
        options = {**self._options(request), "response_format": _format(request), "tools": tools or None}
        chunks = self._llama.create_chat_completion(_plain(request.messages), stream=True, **options)
        return (Token(choice["delta"].get("content") or "", choice.get("finish_reason")) for choice in _choices(chunks))

    def tool_calls(self, request: ChatCompletionRequest) -> list[ChatMessageToolCall]:
        """Make the call that `tool_choice` asks for, with arguments that fit its schema; ValueError as for `chat`."""
        tool = _required(request)
        if tool is None:
            return []
        named: Json = {"type": "function", "function": {"name": tool.name}}
        shown: Json = {"type": "function", "function": {"description": "", "parameters": {}, **_plain(tool)}}
        options: Json = {**self._options(request), "tools": [shown], "tool_choice": named}
        answer = self._llama.create_chat_completion(_plain(request.messages), **options)
        [choice] = answer["choices"]
        return [_call(call) for call in choice["message"]["tool_calls"]]

    def _options(self, sampling: LLMSamplingParams) -> Json:
        check(sampling)
        if sampling.stop_token_ids:
            raise ValueError("stop_token_ids has no meaning to this engine; use stop.")
        given = {name: getattr(sampling, name) for name in _GIVEN}
        options = {
            **given,
            "repeat_penalty": sampling.repetition_penalty,
            "top_k": 0 if sampling.top_k == -1 else sampling.top_k,
            "logit_bias": {self._llama.token_eos(): float("-inf")} if sampling.ignore_eos else None,
            "stop": stop_texts(sampling),
        }
        return {"max_tokens": None, **{name: value for name, value in options.items() if value is not None}}


class LlamaCppEmbeddingEngine:
    """Embeds texts with an embedding model in a GGUF file, one at a time."""

    def __init__(self, model: str | PathLike[str]) -> None:
        """Load a model; errors as for `LlamaCppTextEngine`, and ValueError for one that makes no vectors of texts."""
        room = {"n_ctx": _LONGEST_TEXT, "n_batch": _LONGEST_TEXT, "n_ubatch": _LONGEST_TEXT}
        self._llama = _loaded(model, embedding=True, **room)
        if self._llama.pooling_type() == _NO_POOLING:
            raise ValueError(f"{model} is no embedding model: it makes a vector of each token, not of a text")
        architecture = self._llama.metadata.get("general.architecture")
        longest = int(self._llama.metadata.get(f"{architecture}.context_length", _LONGEST_TEXT))
        self._longest = min(longest, _LONGEST_TEXT)
        self._lock = threading.Lock()

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._llama.n_embd()

    def embed(self, text: str) -> list[float]:
        """Embed a text; ValueError for one that is too long."""
        told = text.encode(errors="replace")
        tokens = len(self._llama.tokenize(told))
        if tokens > self._longest:
            raise ValueError(f"input has a text of {tokens} tokens; the model takes at most {self._longest}.")
        with self._lock:
            return self._llama.embed(told.decode(), normalize=True, truncate=False)


def _choices(chunks: Iterable[Json]) -> Iterator[Json]:
    for chunk in chunks:
        yield chunk["choices"][0]


def _plain(value: object) -> Any:
    """Return a value as JSON has it, without what is None."""
    return _without_none(msgspec.to_builtins(value))


def _without_none(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_none(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {name: _without_none(item) for name, item in cast("Json", value).items() if item is not None}
    return value


def _format(request: ChatCompletionRequest) -> Json | None:
    """Return what the answer must be in the library's terms; None for any text."""
    wanted = response_format(request.response_format)
    if wanted.type == "text":
        return None
    beside = (request.response_format or {}).get("schema")  # as llama.cpp's own server takes it
    schema = wanted.json_schema.schema if wanted.json_schema else beside
    return {"type": "json_object", **({"schema": schema} if schema else {})}


def _required(request: ChatCompletionRequest) -> FunctionTool | None:
    """Return the tool that has to be called."""
    tools = [tool.function for tool in request.tools or ()]
    match request.tool_choice:
        case None | "auto" | "none":
            return None
        case "required" if len(tools) == 1:
            return tools[0]
        case {"function": {"name": str(name)}}:
            found = next((tool for tool in tools if tool.name == name), None)
        case _:
            found = None
    if found is None:
        names = ", ".join(tool.name for tool in tools) or "none"
        raise ValueError(f"tool_choice must name one of the tools to this engine; the request's are: {names}.")
    return found


def _call(call: Json) -> ChatMessageToolCall:
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    try:
        json.loads(arguments)
    except ValueError as error:  # cut by max_tokens
        raise ValueError(f"max_tokens is too small for a call of {name}: {arguments!r} is not whole.") from error
    return ChatMessageToolCall(id=call["id"], type="function", function=Function(name=name, arguments=arguments))
