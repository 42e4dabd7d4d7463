"""What was said in a conversation, what it took, and who is asking just now."""

from __future__ import annotations

import copy
import weakref
from typing import TYPE_CHECKING, Self

from imagine._conversing.messages import checked_messages
from imagine._running.spending import summed
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine.types.chat_completions import ChatMessage
    from imagine.types.common import UsageInfo

__all__ = ["Record"]


class Record:
    """Exchanges come in whole, and one at a time."""

    def __init__(self, messages: list[ChatMessage], usage: UsageInfo | None = None) -> None:
        self.messages = messages
        self.usage = usage
        self.last: object = None
        """Stands for what was kept last; None once somebody asks again."""
        self._before: list[ChatMessage] = []
        self._asking: weakref.ref[object] | None = None

    def begin(self, who: object) -> list[ChatMessage]:
        """Let somebody ask, and return what was said so far; ImagineException while somebody else does."""
        asking = self._asking and self._asking()
        if asking is not None and asking is not who:
            raise ImagineException(
                "this conversation is being asked: wait for the answer, close its stream, or fork it"
            )
        said = self.checked()
        self._asking, self.last = weakref.ref(who), None
        return said

    def checked(self) -> list[ChatMessage]:
        """Return what was said, which users may have changed; ValueError or TypeError says what is amiss in it."""
        return checked_messages(self.messages)

    def is_asked_by(self, who: object) -> bool:
        """Tell whether somebody may keep what came."""
        return self._asking is not None and self._asking() is who

    def end(self, who: object) -> None:
        """Let others ask again."""
        if self.is_asked_by(who):
            self._asking = None

    def keep(self, who: object, said: Sequence[ChatMessage]) -> None:
        """Keep a question and what came of it."""
        self._before, self.last = [*self.messages], object()
        self.messages += said
        self.end(who)

    def take_back(self, kept: object) -> None:
        """Drop what was just kept, of which whoever asked never learnt."""
        if kept is not None and kept is self.last:
            self.messages[:], self.last = self._before, None

    def spend(self, usage: UsageInfo | None) -> None:
        """Count the tokens of an answer."""
        self.usage = summed([self.usage, usage])

    def fork(self) -> Self:
        """Return a record of the same, which goes on by itself."""
        return type(self)(copy.deepcopy(self.messages), self.usage)
