"""What whole answers know beside their fields: the call that they came from, and their JSON as it came."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - get_type_hints needs it
from typing import Any, ClassVar

from imagine.types.base import DTO
from imagine.types.calls import CallInfo  # noqa: TC001 - get_type_hints needs it
from imagine.types.decoding import Decoding

__all__ = ["Answer", "remember"]

KEPT_BYTES = 256 * 1024


class Answer(DTO, kw_only=True, dict=True):
    """Base of the whole answers.

    `call` and `raw` are no fields: they are not dumped, shown, compared, copied or pickled.
    """

    _mends: ClassVar[bool] = True
    _knows_call: ClassVar[bool] = True

    @property
    def call(self) -> CallInfo | None:
        """The record of the call that it came from; None for one that was made, copied or unpickled."""
        tell: Callable[[Answer], CallInfo] | None = vars(self).get("tell")
        return tell(self) if tell else None

    @property
    def raw(self) -> Any:
        """The whole JSON as it came, with what the class does not know; parsed when first asked for.

        None for an answer of more than 256 KiB, for the `final()` of a stream, and where `call` is None.
        """
        kept = vars(self)
        if (content := kept.get("content")) is not None:
            kept["parsed"] = kept.get("parsed") or Decoding(object).decode(content)
            kept.pop("content", None)  # only now: another thread may ask, too
        return kept.get("parsed")


def remember(answer: object, tell: Callable[[Answer], CallInfo], content: bytes | bytearray = b"") -> None:
    """Let an answer know its call, and its body unless that is large; nothing else has a place for them."""
    # Each call comes by, and `isinstance` takes three times as long. Of the class: an instance of a user's may have
    # any attribute, or fail where it is asked for one.
    if getattr(type(answer), "_knows_call", False):
        kept = answer.__dict__
        kept["tell"] = tell
        if content and len(content) <= KEPT_BYTES:
            kept["content"] = content
