"""Messages of users and of files, checked: what a service would refuse for ever after is refused before it is kept."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import msgspec

from imagine._plain import plain
from imagine.types.chat_completions import ChatMessage

__all__ = ["checked_messages", "question_of"]

if TYPE_CHECKING:
    from collections.abc import Sequence

_FIELDS = frozenset(ChatMessage.__struct_fields__)
_FLAT = frozenset({str, NoneType})
_SYSTEM = ("system", "developer")


def question_of(content: object) -> ChatMessage:
    """Return a question, a text or a list of parts, as a message that nobody else holds."""
    made = plain(content, "content") if isinstance(content, str | list | tuple) else None
    if isinstance(made, str):
        return ChatMessage(role="user", content=made)
    parts: list[Any] = list(made or ())
    if not parts or not all(isinstance(part, dict) for part in parts):
        raise TypeError(f"content must be a str or a list of parts, which are dicts, not {content!r:.80}")
    return ChatMessage(role="user", content=copy.deepcopy(parts))


def checked_messages(given: object, first: int = 0) -> list[ChatMessage]:
    """Return messages that nobody else holds; ValueError or TypeError says which is amiss, counted from the first."""
    kind = type(given).__name__
    if not isinstance(given, Iterable) or isinstance(given, str | bytes | Mapping | ChatMessage):
        raise TypeError(f"messages must be a list of ChatMessage or dict, not {kind}")
    listed = list(cast("Iterable[object]", given))
    made = [_message_of(one, f"messages[{place}]") for place, one in enumerate(listed, first)]
    _check_calls(made, first)
    return made


def _message_of(given: object, where: str) -> ChatMessage:
    message = copy.copy(given) if _is_flat(given) else _converted(given, where)
    if not message.role:
        raise ValueError(f"{where} has no role: user, assistant or tool")
    if message.role in _SYSTEM:
        raise ValueError(f"{where} is of role {message.role}: give its text as system=, which is always sent")
    return message


def _is_flat(given: object) -> TypeGuard[ChatMessage]:
    """Tell whether a message has texts alone, as most have: a copy of it shares nothing."""
    return type(given) is ChatMessage and _FLAT.issuperset(map(type, msgspec.structs.astuple(given)))


def _converted(given: object, where: str) -> ChatMessage:
    if not isinstance(given, ChatMessage | Mapping):
        raise TypeError(f"{where} must be a ChatMessage or a dict, not {type(given).__name__}")
    members = plain(dict(cast("Iterable[tuple[str, object]]", given)), where)
    if unknown := members.keys() - _FIELDS:
        raise ValueError(f"{where} has {', '.join(sorted(unknown))}, and a ChatMessage could not keep that")
    try:
        return msgspec.convert(copy.deepcopy(members), ChatMessage)
    except msgspec.ValidationError as error:
        raise ValueError(f"{where} does not fit ChatMessage: {error}") from error


def _check_calls(messages: Sequence[ChatMessage], first: int) -> None:
    """Raise ValueError where a call has no result, or a result no call: services refuse the whole conversation."""
    asked = set[str | None]()
    for place, message in enumerate(messages, first):
        if message.role == "tool":
            if message.tool_call_id not in asked:
                raise ValueError(f"messages[{place}] answers {message.tool_call_id!r}, which no call before it asks")
            asked.remove(message.tool_call_id)
        elif asked:
            raise ValueError(f"messages[{place}] stands where the result of the call {asked.pop()!r} has to stand")
        asked |= {call.id for call in message.tool_calls or ()}
    if asked:
        raise ValueError(f"messages end before the result of the call {asked.pop()!r}")
