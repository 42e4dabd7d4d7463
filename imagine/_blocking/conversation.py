"""What the generated `Conversation` stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never, Self, SupportsIndex, TypeVar

from imagine._blocking import loop_thread
from imagine._conversing.conversation import AsyncConversation  # noqa: TC001 - get_type_hints needs it

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["BlockingConversation"]

T = TypeVar("T")
A = TypeVar("A")
L = TypeVar("L")

SETTLE_SECONDS = 0.5
"""How long a thread that was interrupted waits until its question is certainly not kept."""


class BlockingConversation:
    """A conversation whose questions are asked over in the loop."""

    def __init__(self, conversation: AsyncConversation) -> None:
        self._async = conversation

    def _call(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask over in the loop; what interrupts this thread, as Ctrl-C does, may come when the answer was kept."""
        record = self._async._talk.record  # pyright: ignore[reportPrivateUsage] - part of the class, for code that blocks
        kept: list[object] = []

        async def asked() -> T:
            answer = await ask()
            kept.append(record.last)
            return answer

        async def take_back() -> None:
            for what in kept:
                record.take_back(what)

        try:
            return loop_thread.loop_thread().call(asked)
        except Exception:
            raise
        except BaseException:
            loop_thread.call_within(SETTLE_SECONDS, take_back)
            raise

    def _live(self, twin: Callable[[A], L], live: A) -> L:
        return twin(live)

    def _derived(self, conversation: AsyncConversation) -> Self:
        return type(self)(conversation)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Never:
        """Refuse to be copied or pickled, as what it comes from does."""
        self._async.__reduce_ex__(protocol)
