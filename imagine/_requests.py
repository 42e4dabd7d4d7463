"""Arguments checked, and made into the bodies of requests: what is wrong is refused before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from imagine.types.base import DTO, to_json, to_wire
from imagine.types.chat_completions import ChatCompletionRequest, ChatMessage
from imagine.types.completions import CompletionRequest
from imagine.types.embeddings import EmbeddingRequest
from imagine.types.images import ImageRequest
from imagine.types.reranker import ReRankerRequest
from imagine.types.translate import TranslateRequest

if TYPE_CHECKING:
    from imagine._options.call import Sampling

__all__ = [
    "asked_choices",
    "chat_request",
    "completion_request",
    "embedding_request",
    "encoded",
    "image_request",
    "reranker_request",
    "translate_request",
]


def encoded(json: object, extra: Mapping[str, Any] | None) -> bytes | None:
    """Encode a body once for all attempts; `extra_body` wins over what the SDK put there.

    A data class is one of ours, not of a subclass: where it has `omit_defaults`, msgspec leaves out just what is None.
    """
    if isinstance(json, DTO) and not json.__struct_config__.omit_defaults:
        json = to_wire(json)
    if extra:
        given = {name: item for name, item in json if item is not None} if isinstance(json, DTO) else json
        json = {**cast("dict[str, object]", given or {}), **extra}
    return None if json is None else to_json(json)


def chat_request(
    messages: object,
    model: str,
    tools: Any,
    tool_choice: Any,
    response_format: Any,
    sampling: Sampling,
    *,
    stream: bool,
) -> ChatCompletionRequest:
    """Put a chat's body together; dicts of the user stay as they are, whatever the service may make of them."""
    return ChatCompletionRequest(
        messages=_checked_messages(messages),
        model=model,
        stream=stream,
        tools=_tools_on_wire(tools),
        tool_choice=tool_choice,
        response_format=response_format,
        **sampling,
    )


def completion_request(prompt: object, model: str, sampling: Sampling, *, stream: bool) -> CompletionRequest:
    """Put a completion's body together."""
    return CompletionRequest(prompt=_checked_text("prompt", prompt), model=model, stream=stream, **sampling)


def translate_request(prompt: object, model: str, sampling: Sampling) -> TranslateRequest:
    """Put a translation's body together."""
    return TranslateRequest(prompt=_checked_text("prompt", prompt), model=model, stream=False, **sampling)


def embedding_request(text: object, model: str) -> EmbeddingRequest:
    """Put the body of embeddings together, for one text or for several, which may be none."""
    return EmbeddingRequest(input=text if isinstance(text, str) else _checked_texts("text", text, least=0), model=model)


def reranker_request(
    query: object, documents: object, model: str, top_n: int | None, return_documents: bool | None
) -> ReRankerRequest:
    """Put a reranking's body together."""
    return ReRankerRequest(
        query=_checked_text("query", query),
        documents=_checked_texts("documents", documents),
        model=model,
        top_n=top_n,
        return_documents=return_documents,
    )


def image_request(prompt: object, model: str, *, stream: bool, **settings: Any) -> ImageRequest:
    """Put an image generation's body together; the settings are the fields of ImageRequest."""
    return ImageRequest(prompt=_checked_text("prompt", prompt), model=model, stream=stream, **settings)


def asked_choices(extra: Mapping[str, Any] | None) -> int:
    """Return how many alternatives a request asks for: `n`, which only `extra_body` can bring."""
    n = extra.get("n") if extra else None
    return n if isinstance(n, int) and n > 1 else 1


def _checked_messages(messages: Any) -> list[ChatMessage]:
    listed = _items(messages)
    if not listed:
        raise ValueError("messages must be a list of at least one ChatMessage or dict")
    for number, message in enumerate(listed):
        quick = type(message) is ChatMessage and message.tool_calls is None
        role = message.role if quick else _role_of(message)
        if not role or not isinstance(role, str):
            raise ValueError(f"messages[{number}] has no role: user, assistant, system or tool")
        if not quick and isinstance(message, DTO):
            listed[number] = to_wire(message)  # msgspec would leave out, or send, what another class does otherwise
    return listed


def _tools_on_wire(tools: Any) -> Any:
    if not isinstance(tools, list | tuple):
        return tools
    return [to_wire(tool) if isinstance(tool, DTO) else tool for tool in cast("list[object]", tools)]


def _role_of(message: object) -> object:
    if isinstance(message, Mapping):
        return cast("Mapping[str, object]", message).get("role")
    return getattr(message, "role", None)


def _checked_text(name: str, text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    return text


def _checked_texts(name: str, texts: object, *, least: int = 1) -> list[str]:
    listed = _items(texts)
    if not _has_items(texts) or len(listed) < least:
        raise ValueError(f"{name} must be a list of at least {least} str")
    if not all(isinstance(text, str) for text in listed):
        raise TypeError(f"{name} must be a list of str")
    return listed


def _items(values: Any) -> list[Any]:
    """Return the items of a list, or of anything like it; none of a text or a mapping, whose items nobody means."""
    return list(values) if _has_items(values) else []


def _has_items(values: object) -> bool:
    if type(values) is list:  # the abstract classes take longer to ask
        return True
    return isinstance(values, Iterable) and not isinstance(values, str | bytes | Mapping)
