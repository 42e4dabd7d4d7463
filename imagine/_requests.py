"""Arguments checked, and made into the bodies of requests: what is wrong is refused before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar, cast

from msgspec.structs import astuple

from imagine._fields import checked_fields
from imagine._instead import check_word
from imagine._options.client import at_least
from imagine._plain import ATOMS, TEXT, plain
from imagine.types.base import DTO, to_json, to_wire
from imagine.types.chat_completions import ChatCompletionRequest, ChatMessage
from imagine.types.completions import CompletionRequest
from imagine.types.decoding import Decoding
from imagine.types.embeddings import EmbeddingRequest
from imagine.types.images import Image, ImageRequest
from imagine.types.models import ModelType
from imagine.types.reranker import ReRankerRequest
from imagine.types.translate import TranslateRequest

if TYPE_CHECKING:
    from imagine._options.call import Sampling

T = TypeVar("T")

_METHOD = re.compile(r"[A-Za-z-]+")
_NOTHING_ELSE = (None,) * (len(ChatMessage.__struct_fields__) - 2)
_SURROGATE = r"[\ud800-\udfff]"
_ROLES = frozenset({"user", "assistant", "system", "developer", "tool", "function"})
_TOOL_CHOICES = ("none", "auto", "required", "any")
_at_least_one = at_least(1)

__all__ = [
    "address_of",
    "asked_choices",
    "chat_request",
    "checked_method",
    "checked_path",
    "completion_request",
    "decoding_into",
    "embedding_request",
    "encoded",
    "form_fields",
    "history_query",
    "image_request",
    "models_query",
    "query_of",
    "reranker_request",
    "translate_request",
    "usage_query",
]


def encoded(json: object, extra: Mapping[str, Any] | None) -> bytes | None:
    """Encode a plain body once for all attempts; `extra_body` wins over what the SDK put there.

    A data class is one of ours, not of a subclass: where it has `omit_defaults`, msgspec leaves out just what is None.
    TypeError where there is no object that `extra_body` could add to.
    """
    if isinstance(json, DTO) and not json.__struct_config__.omit_defaults:
        json = to_wire(json)
    if extra:
        _check_is_object(json)
        given = {name: item for name, item in json if item is not None} if isinstance(json, DTO) else json
        json = {**cast("dict[str, object]", given or {}), **extra}
    return None if json is None else to_json(json)


def _check_is_object(json: object) -> None:
    if not isinstance(json, DTO | dict | None):
        raise TypeError(f"extra_body= adds members to an object, and json is a {type(json).__name__}")


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
    if type(tool_choice) is str:
        check_word("tool_choice", tool_choice, _TOOL_CHOICES)
    return ChatCompletionRequest(
        messages=_checked_messages(messages),
        model=model if type(model) is str else _checked_text("model", model),
        stream=stream,
        tools=None if tools is None else _offered(tools),
        tool_choice=None if tool_choice is None else plain(tool_choice, "tool_choice"),
        response_format=None if response_format is None else plain(response_format, "response_format"),
        **sampling,
    )


def completion_request(prompt: object, model: str, sampling: Sampling, *, stream: bool) -> CompletionRequest:
    """Put a completion's body together."""
    text, name = _checked_text("prompt", prompt), _checked_text("model", model)
    return CompletionRequest(prompt=text, model=name, stream=stream, **sampling)


def translate_request(prompt: object, model: str, sampling: Sampling) -> TranslateRequest:
    """Put a translation's body together."""
    text, name = _checked_text("prompt", prompt), _checked_text("model", model)
    return TranslateRequest(prompt=text, model=name, stream=False, **sampling)


def embedding_request(text: object, model: str) -> EmbeddingRequest:
    """Put the body of embeddings together, for one text or for several, which may be none."""
    texts = _checked_text("text", text) if isinstance(text, str | Enum) else _checked_texts("text", text, least=0)
    return EmbeddingRequest(input=texts, model=_checked_text("model", model))


def reranker_request(
    query: object, documents: object, model: str, top_n: int | None, return_documents: bool | None
) -> ReRankerRequest:
    """Put a reranking's body together."""
    return ReRankerRequest(
        query=_checked_text("query", query),
        documents=_checked_texts("documents", documents),
        model=_checked_text("model", model),
        **checked_fields(ReRankerRequest, {"top_n": top_n, "return_documents": return_documents}),
    )


def image_request(prompt: object, model: str, *, stream: bool, **settings: Any) -> ImageRequest:
    """Put an image generation's body together; the settings are the fields of ImageRequest."""
    text, name = _checked_text("prompt", prompt), _checked_text("model", model)
    made = checked_fields(ImageRequest, settings)
    check_word("response_format", made["response_format"] or "url", ("b64_json", "url"))
    return ImageRequest(prompt=text, model=name, stream=stream, **made)


def history_query(max_items: Any) -> dict[str, object]:
    """Return the query of a history; TypeError or ValueError for a number of pairs that is none, or below 1."""
    asked = plain(max_items, "max_items")
    return {"max_items": None if asked is None else _at_least_one("max_items", asked)}


def models_query(model_type: Any) -> dict[str, object]:
    """Return the query of a list of models; ValueError for a type that is nearly one of the service's."""
    text = None if model_type is None else _checked_text("model_type", model_type)
    if text:
        check_word("model_type", text, [*ModelType])
    return {"model_type": text}


def usage_query(aggregation_duration: Any, since: Any, until: Any, model: Any) -> dict[str, object]:
    """Return the query of usage; TypeError for what is no text, or no time."""
    texts = {"aggregation_duration": aggregation_duration, "model": model}
    query = {name: None if text is None else _checked_text(name, text) for name, text in texts.items()}
    return {**query, "from": _checked_time("since", since), "to": _checked_time("until", until)}


def _checked_time(name: str, time: object) -> str | None:
    if not isinstance(time, date | str | None):
        raise TypeError(f"{name} must be a datetime or a str, not {type(time).__name__}")
    return str(time) if time else None


def address_of(image: object, extra: Mapping[str, Any] | None) -> str | None:
    """Return where the file of an image is; None where the image holds it. TypeError or ValueError for what is none."""
    if not isinstance(image, Image):
        raise TypeError(f"image must be an Image, not {type(image).__name__}")
    if extra:
        raise TypeError("extra_body has no place in the request for an image: leave it out")
    if image.b64_json:
        return None
    if not image.url:
        raise ValueError("image has neither b64_json nor a url")
    url = _checked_text("image.url", image.url)
    return None if url.startswith("data:") else url


def form_fields(model: object, extra: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Return the text fields of a form; `extra_body` wins over what the SDK put there."""
    given = {"model": _checked_text("model", model), **(extra or {})}
    return [(name, text) for name, item in given.items() for text in _texts_of(item, name)]


def checked_method(method: object) -> str:
    """Return an HTTP method in capitals; TypeError or ValueError for what is none."""
    text = _checked_text("method", method)
    if not _METHOD.fullmatch(text):
        raise ValueError(f"method must be one of HTTP, such as GET, not {text!r}")
    return text.upper()


def checked_path(path: object) -> str:
    """Return a route that can be quoted; TypeError or ValueError for what is none."""
    text = _checked_text("path", path)
    if not text.isascii() and re.search(_SURROGATE, text):
        raise ValueError(f"path {text!r} has lone surrogates, which UTF-8 has no form for")
    return text


def decoding_into(type_: type[T]) -> Decoding[T]:
    """Return what decodes into a type of the user's; TypeError for one that JSON cannot be decoded into."""
    made = Decoding(type_)
    try:
        made.prepare()
    except (TypeError, NameError) as error:
        raise TypeError(f"type must be one that JSON can be decoded into, not {type_!r}: {error}") from error
    return made


def query_of(params: object) -> dict[str, list[str]]:
    """Return a query with the texts of each parameter; those that are None are left out."""
    if not isinstance(params, Mapping | None):
        raise TypeError(f"params must be a mapping, not {type(params).__name__}")
    given = plain(params or {}, "params")
    query = {name: _texts_of(item, name) for name, item in given.items()}
    return {name: texts for name, texts in query.items() if texts}


def _texts_of(item: Any, name: str) -> list[str]:
    """Return a plain value as a form or a query says it: no text for None, one for each item of a list."""
    items = cast("list[Any]", item if isinstance(item, list | tuple) else [item])
    for one in items:
        if isinstance(one, dict | list | tuple):
            raise TypeError(
                f"{name} holds {type(cast('object', one)).__name__}: it takes a text or number, or a list of them"
            )
    return [one if isinstance(one, str) else to_json(one).decode() for one in items if one is not None]


def asked_choices(extra: Mapping[str, Any] | None) -> int:
    """Return how many alternatives a request asks for: `n`, which only `extra_body` can bring."""
    n = extra.get("n") if extra else None
    try:
        return max(1, int(cast("str", n)))  # services take 2.0 and "2", too
    except (TypeError, ValueError):
        return 1


def _checked_messages(messages: Any) -> list[ChatMessage]:
    listed: list[Any] = _items(messages)
    if not listed:
        raise ValueError("messages must be a list of at least one ChatMessage or dict")
    for number, message in enumerate(listed):
        goes_as_it_is = _GO_AS_THEY_ARE.get(type(cast("object", message)))
        if goes_as_it_is is None or not goes_as_it_is(message):
            listed[number] = _checked_message(message, f"messages[{number}]")
    return listed


def _offered(tools: Any) -> Any:
    """Return tools as they are sent; only those with a function among them are more than a plain value."""
    listed = _items(tools)
    if any(callable(one) and not isinstance(one, type) for one in [tools, *listed]):
        from imagine._tool import offers  # few chats need it

        tools = offers(listed or tools)
    return plain(tools, "tools")


# Most messages are texts. They are asked for all at once: field by field costs half a percent of a chat.
def _has_text_alone(message: ChatMessage) -> bool:
    """Tell whether a message has a role and a text alone, which msgspec writes as they are."""
    role = message.role
    return type(role) is type(message.content) is str and role in _ROLES and astuple(message)[2:] == _NOTHING_ELSE


def _has_flat_members(message: dict[Any, Any]) -> bool:
    """Tell whether a message that is a dict has a role, and no member that msgspec could change."""
    role = message.get("role")
    return bool(
        type(role) is str
        and role in _ROLES
        and TEXT.issuperset(map(type, message))
        and ATOMS.issuperset(map(type, message.values()))
    )


_GO_AS_THEY_ARE: dict[type, Callable[[Any], bool]] = {ChatMessage: _has_text_alone, dict: _has_flat_members}
"""Which messages of which types need no more than a look."""


def _checked_message(message: object, where: str) -> dict[str, Any]:
    made = plain(message, where)
    role = cast("dict[str, Any]", made).get("role") if isinstance(made, dict) else None
    if not role or not isinstance(role, str):
        raise ValueError(f"{where} has no role: user, assistant, system or tool")
    check_word(f"{where}.role", role, _ROLES)
    return cast("dict[str, Any]", made)


def _checked_text(name: str, text: object) -> str:
    if type(text) is str:
        return text
    made = plain(text, name) if isinstance(text, str | Enum) else None
    if not isinstance(made, str):
        raise TypeError(f"{name} must be a str, not {type(text).__name__}")
    return made


def _checked_texts(name: str, texts: object, *, least: int = 1) -> list[str]:
    if isinstance(texts, set | frozenset):
        raise TypeError(f"{name} is a set, which has no order that the answer could follow; give a list")
    listed = _items(texts)
    if not _has_items(texts) or len(listed) < least:
        raise ValueError(f"{name} must be a list of at least {least} str")
    if {str}.issuperset(map(type, listed)):
        return listed
    return [_checked_text(f"{name}[{place}]", text) for place, text in enumerate(listed)]


def _items(values: Any) -> list[Any]:
    """Return the items of a list, or of anything like it; none of a text or a mapping, whose items nobody means."""
    return list(values) if _has_items(values) else []


def _has_items(values: object) -> bool:
    if type(values) is list:  # the abstract classes take longer to ask
        return True
    tabular = getattr(values, "ndim", 1) != 1  # a table's items are the names of its columns
    return isinstance(values, Iterable) and not tabular and not isinstance(values, str | bytes | Mapping | DTO)
