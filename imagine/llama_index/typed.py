"""What LlamaIndex leaves without types, with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar, cast

from llama_index.core.llms import callbacks, utils

__all__ = ["begun_json", "told_as_chat", "told_as_completion"]

Method = TypeVar("Method", bound=Callable[..., object])
Wrap: TypeAlias = Callable[[Method], Method]


def told_as_chat(method: Method) -> Method:
    """Tell LlamaIndex's callbacks of a chat, whose messages are the method's first argument."""
    wrap = cast("Wrap[Method]", callbacks.llm_chat_callback())  # pyright: ignore[reportUnknownMemberType]
    return wrap(method)


def told_as_completion(method: Method) -> Method:
    """Tell LlamaIndex's callbacks of a completion, whose prompt is the method's first argument."""
    wrap = cast("Wrap[Method]", callbacks.llm_completion_callback())  # pyright: ignore[reportUnknownMemberType]
    return wrap(method)


def begun_json(text: str) -> object:
    """Return the JSON value that a text is the beginning of; ValueError where it is the beginning of none."""
    return cast("object", utils.parse_partial_json(text))  # pyright: ignore[reportUnknownMemberType]
