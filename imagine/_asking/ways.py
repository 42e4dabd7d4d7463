"""The three ways to ask for a value: by a tool, as the text of a chat, or as the text that a prompt goes on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast, get_args

from imagine._asking.outcomes import Way
from imagine._asking.priming import prime_of
from imagine._schema.example import example
from imagine.types.base import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine._schema.target import Target

__all__ = ["WAYS", "chat_keywords", "checked_ways", "completion_keywords", "corrected", "is_text"]

Message: TypeAlias = dict[str, Any]

WAYS: tuple[Way, ...] = get_args(Way)
_MOST_QUOTED = 4_000
"""Characters of an answer that the next request shows."""
_TOKENS = 1024
"""The limit of a completion where none is given: that of many services is 16."""
_STOP = "\nuser:"
"""Where a model goes on to speak for the user."""


def checked_ways(ways: object, *, only_texts: bool) -> list[Way]:
    """Return the ways to ask; ValueError for none, for one that there is not, or where none can ask what is asked."""
    named = cast("Sequence[Way]", ways) if isinstance(ways, list | tuple) else ()
    if not named or any(way not in WAYS for way in named):
        raise ValueError(f"ways must be a list of some of {', '.join(WAYS)}, not {ways!r}")
    usable: list[Way] = [way for way in dict.fromkeys(named) if only_texts or way != "completion"]
    if not usable:
        raise ValueError("ways has only completion, which takes no images and no tool calls: add tool or content")
    return usable


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


def completion_keywords(messages: list[Message], target: Target[Any]) -> dict[str, Any]:
    """Return the prompt and keywords of a completion: what the prompt ends with is the beginning of the value.

    The form is told before the conversation: a model that is not tuned to answer goes on with what it read last.
    """
    lines = [f"{message['role']}: {_text_of(message)}" for message in messages]
    asked = [_in_words(_as_object(target)), *_like(target)]
    return {
        "prompt": "\n\n".join([*asked, *lines, f"assistant: {prime_of(target)}"]),
        "max_tokens": _TOKENS,
        "stop": [_STOP],
    }


def is_text(message: Message) -> bool:
    """Tell whether a prompt can say what a message says: images and tool calls it cannot."""
    content: object = message.get("content")
    parts = cast("list[object]", content) if isinstance(content, list) else []
    are_texts = all(isinstance(part, dict) and isinstance(cast("Message", part).get("text"), str) for part in parts)
    return isinstance(content, str | list) and are_texts and not message.get("tool_calls")


def corrected(answer: str, error: str) -> list[Message]:
    """Return the messages that say what is wrong with an answer."""
    told = f"That does not fit: {error}. Answer again, with only the JSON."
    said = [{"role": "assistant", "content": answer[:_MOST_QUOTED]}] if answer else []
    return [*said, {"role": "user", "content": told}]


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
    """Show a value that fits, in which each member has its name."""
    try:
        made = example(target.schema)
        target.convert(made)
    except (ValueError, RecursionError):
        return []
    shown = made if target.kind == "object" else {"value": made}
    return [f"Such as this, with other values:\n{to_json(shown).decode()}"]


def _with_words(messages: list[Message], words: str) -> list[Message]:
    """Add words to the end of the last message of the user."""
    last = next((place for place in reversed(range(len(messages))) if messages[place]["role"] == "user"), None)
    if last is None:
        return [*messages, {"role": "user", "content": words}]
    content = messages[last].get("content")
    if isinstance(content, list):
        said: Any = [*content, {"type": "text", "text": words}]
    else:
        said = f"{content}\n\n{words}" if content else words
    return [*messages[:last], {**messages[last], "content": said}, *messages[last + 1 :]]


def _text_of(message: Message) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part["text"] for part in content)
