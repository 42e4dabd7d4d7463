"""The three ways to ask for a value: by a tool, as the text of a chat, or as the text that a prompt goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from imagine._asking.example import example_of
from imagine._asking.reading import PRIMED
from imagine._plain import plain
from imagine.types.base import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine._schema.target import Target

__all__ = ["WAYS", "Way", "chat_keywords", "checked_ways", "corrected", "prompt_of"]

Way: TypeAlias = Literal["tool", "content", "completion"]
Message: TypeAlias = dict[str, Any]

WAYS: tuple[Way, ...] = get_args(Way)
ROLES_END = "\n"
_MOST_QUOTED = 4_000
"""Characters of an answer that the next request shows."""


def checked_ways(ways: object) -> tuple[Way, ...]:
    """Return the ways to ask; ValueError for none, or for one that there is not."""
    named: tuple[object, ...] = tuple(cast("Sequence[object]", ways)) if isinstance(ways, list | tuple) else ()
    if not named or any(way not in WAYS for way in named):
        raise ValueError(f"ways must be a list of some of {', '.join(WAYS)}, not {ways!r}")
    return cast("tuple[Way, ...]", tuple(dict.fromkeys(named)))


def chat_keywords(way: Way, messages: list[Message], target: Target[Any]) -> dict[str, Any]:
    """Return the messages and keywords of a chat that asks for a value."""
    schema = _as_object(target)
    if way == "tool":
        function = {"name": target.name, "description": "Give the answer.", "parameters": schema}
        choice = {"type": "function", "function": {"name": target.name}}
        return {
            "messages": messages,
            "tools": [{"type": "function", "function": function}],
            "tool_choice": choice,
        }
    form = {"type": "json_schema", "json_schema": {"name": target.name, "schema": schema}}
    return {"messages": _with_words(messages, _in_words(schema)), "response_format": form}


def prompt_of(messages: list[Message], target: Target[Any]) -> str | None:
    """Return a prompt that ends in the middle of an answer; None for messages that are more than texts."""
    lines: list[str] = []
    for message in messages:
        text = _text_of(message)
        if text is None:
            return None
        lines.append(f"{message['role']}: {text}")
    asked = [_in_words(_as_object(target)), *_like(target)]
    return "\n\n".join([*lines, *asked, f"assistant: {PRIMED}"])


def corrected(messages: list[Message], answer: str, error: str) -> list[Message]:
    """Return messages that say what is wrong with the last answer."""
    told = f"That does not fit: {error}. Answer again, with only the JSON."
    said = [{"role": "assistant", "content": answer[:_MOST_QUOTED]}] if answer else []
    return [*messages, *said, {"role": "user", "content": told}]


def _as_object(target: Target[Any]) -> dict[str, Any]:
    """Return the schema of what is asked for: services take none but an object's."""
    if target.kind == "object":
        return target.schema
    inner = {name: item for name, item in target.schema.items() if name != "$defs"}
    asked = {"type": "object", "properties": {"value": inner}, "required": ["value"], "additionalProperties": False}
    return {**asked, "$defs": target.schema["$defs"]} if "$defs" in target.schema else asked


def _in_words(schema: dict[str, Any]) -> str:
    return f"Answer with only JSON that fits this schema, and nothing else:\n{to_json(schema).decode()}"


def _like(target: Target[Any]) -> list[str]:
    example = example_of(target)
    if example is None:
        return []
    shown = example if target.kind == "object" else {"value": example}
    return [f"Such as this, with other values:\n{to_json(plain(shown, 'example')).decode()}"]


def _with_words(messages: list[Message], words: str) -> list[Message]:
    """Add words to the end of the last message of the user."""
    last = next((place for place in reversed(range(len(messages))) if messages[place]["role"] == "user"), None)
    if last is None:
        return [*messages, {"role": "user", "content": words}]
    content = messages[last].get("content")
    if isinstance(content, list):
        said: Any = [*cast("list[Any]", content), {"type": "text", "text": words}]
    else:
        said = f"{content}\n\n{words}" if content else words
    return [*messages[:last], {**messages[last], "content": said}, *messages[last + 1 :]]


def _text_of(message: Message) -> str | None:
    content = message.get("content")
    if isinstance(content, list):
        parts = cast("list[dict[str, Any]]", content)
        texts = [part["text"] if part.get("type") == "text" else None for part in parts]
        content = None if None in texts else "\n".join(cast("list[str]", texts))
    return content if isinstance(content, str) and not message.get("tool_calls") else None
