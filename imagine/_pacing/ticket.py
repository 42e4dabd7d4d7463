"""What waits for a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from imagine._pacing.lanes import LaneKey

__all__ = ["Ticket"]


class Ticket(Protocol):
    """What waits for a slot: a call, for all its attempts."""

    @property
    def since(self) -> float:
        """When it began: who came first goes first, also after a retry."""
        ...

    @property
    def lane(self) -> LaneKey:
        """Its route and model, whose answers set its pace."""
        ...

    @property
    def model(self) -> str | None:
        """The model that it asks; None where its route has none."""
        ...

    @property
    def is_throttled(self) -> bool:
        """Whether it waits while its lane is closed, or goes at once and may be the probe."""
        ...

    @property
    def doing(self) -> str:
        """The call in words, for messages."""
        ...

    @property
    def tokens(self) -> int:
        """What it is estimated to cost."""
        ...

    @property
    def longest_wait(self) -> float:
        """Seconds it may wait for the service's pace or a declared quota."""
        ...

    @property
    def waits(self) -> bool:
        """Whether it waits for a quota at all, or fails at once."""
        ...
