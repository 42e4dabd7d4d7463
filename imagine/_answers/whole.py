"""A whole message in an event, or a text, where a delta belongs: so do gateways that stream what they were told whole.

Some services send both: pieces in deltas, and all that was said so far, or in the end, in a message beside them.
"""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from imagine.types.common import DeltaMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine.types.chat_completions import ChatCompletionResponseStreamChoice
    from imagine.types.completions import CompletionResponseStreamChoice

__all__ = ["WholeMessages"]

_MEMBERS = DeltaMessage.__struct_fields__


class WholeMessages:
    """Makes a delta of what a whole message says and no delta of its choice has said."""

    def __init__(self) -> None:
        self._said: dict[int, set[str]] = {}
        """Members by choice; those of a message too, once it has a finish reason: others may be pieces themselves."""

    def take(self, choice: ChatCompletionResponseStreamChoice | CompletionResponseStreamChoice) -> None:
        """Note what the delta of a choice says, and add what stands in place of it."""
        said = self._said.setdefault(choice.index, set())
        said.update(_names(choice.delta))
        if choice.message is None and not choice.text:
            return
        whole = choice.message or DeltaMessage(content=choice.text)
        missing = set(_names(whole)) - said
        for name in missing:
            setattr(choice.delta, name, getattr(whole, name))
        if choice.finish_reason:
            said |= missing

    def is_in_deltas(self, index: int) -> bool:
        """Tell whether the text of a choice comes in deltas, so that none in place of one is looked for."""
        return "content" in self._said[index]


def _names(delta: DeltaMessage) -> Iterator[str]:
    return compress(_MEMBERS, astuple(delta))
