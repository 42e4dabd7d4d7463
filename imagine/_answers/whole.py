"""A whole message in an event, or a text, where a delta belongs: so do gateways that stream what they were told whole.

Some services send both: pieces in deltas, and all that was said so far, or in the end, in a message beside them.
Since most send neither, the classes of chunks have no fields for them, which each event would pay for: they are read
out of the payload, where it has their names.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain, compress, repeat
from typing import TYPE_CHECKING

from msgspec.structs import astuple

from imagine.types.base import PlainDTO
from imagine.types.common import DeltaMessage, UsageInfo
from imagine.types.decoding import Decoding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagine.types.chat_completions import ChatCompletionResponseStreamChoice, ChatCompletionStreamResponse
    from imagine.types.completions import CompletionResponseStreamChoice, CompletionStreamResponse

__all__ = ["ForeignChoice", "WholeMessages"]

_MEMBERS = DeltaMessage.__struct_fields__


class ForeignChoice(PlainDTO, kw_only=True):
    """What some services have in a choice beside its delta, or in place of it."""

    message: DeltaMessage | None = None
    """The whole message."""
    text: str | None = None
    """Its text alone."""
    usage: UsageInfo | None = None
    """Tokens that the request took."""


class Chunk(PlainDTO, kw_only=True):
    """A chunk, as far as others have it otherwise; errors call it by this name."""

    choices: list[ForeignChoice]
    """In the order of the chunk."""


_CHUNK = Decoding(Chunk)
_NOTHING = ForeignChoice()


class WholeMessages:
    """Makes a delta of what a whole message says and no delta of its choice has said."""

    def __init__(self) -> None:
        self._said: defaultdict[int, set[str]] = defaultdict(set)
        """Members by choice; those of a message too, once it has a finish reason: others may be pieces themselves."""

    def beside(
        self, chunk: ChatCompletionStreamResponse | CompletionStreamResponse, payload: bytes, *, counts: bool
    ) -> Iterable[ForeignChoice]:
        """Return what each choice has beside its delta; its usage only where that `counts`.

        Raises ImagineDecodeException where that is no message, or no text.
        """
        if (
            payload.partition(b'"message"')[1]  # `in` costs ten times as much
            or (payload.partition(b'"text"')[1] and any(map(self._lacks_text, chunk.choices)))
            or (counts and payload.partition(b'"usage"')[1])
        ):
            return chain(_CHUNK.decode(payload).choices, repeat(_NOTHING))
        return repeat(_NOTHING)

    def take(
        self, choice: ChatCompletionResponseStreamChoice | CompletionResponseStreamChoice, beside: ForeignChoice
    ) -> None:
        """Note what the delta of a choice says, and add what stands in place of it."""
        said = self._said[choice.index]
        said.update(compress(_MEMBERS, astuple(choice.delta)))
        if beside.message is None and not beside.text:
            return
        whole = beside.message or DeltaMessage(content=beside.text)
        missing = set(compress(_MEMBERS, astuple(whole))) - said
        for name in missing:
            setattr(choice.delta, name, getattr(whole, name))
        if choice.finish_reason:
            said |= missing

    def is_in_deltas(self, index: int) -> bool:
        """Tell whether the text of a choice comes in deltas, so that none in place of one is looked for."""
        return "content" in self._said.get(index, ())

    def _lacks_text(self, choice: ChatCompletionResponseStreamChoice | CompletionResponseStreamChoice) -> bool:
        return not (choice.delta.content or self.is_in_deltas(choice.index))
