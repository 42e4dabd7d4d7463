"""Lanes: the pace that the service's answers ask for is kept for each route and model, each on its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from imagine._pacing.throttle import Throttle, asked_jitter
from imagine.limits import LaneState

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LaneKey", "Lanes", "title"]


FEW = 64
"""Lanes among which none is looked for that could be dropped."""


class LaneKey(NamedTuple):
    """What a lane is for."""

    route: str
    """Such as `POST chat/completions`."""
    model: str | None = None


class Lanes:
    """The lanes of a client; one that is open and has nothing under way is not kept: models are users' input."""

    def __init__(self) -> None:
        self.throttles: dict[LaneKey, Throttle] = {}
        """Of the lanes that may hold somebody back."""
        self._unanswered: dict[LaneKey, int] = {}
        self._most = FEW

    def throttle(self, key: LaneKey) -> Throttle | None:
        """Return the pace of a lane; None where nothing is known to hold it back."""
        return self.throttles.get(key)

    def sent(self, now: float, key: LaneKey) -> None:
        """Note that a request leaves."""
        self._unanswered[key] = self._unanswered.get(key, 0) + 1
        if self.throttles and (throttle := self.throttles.get(key)):
            throttle.sent(now)

    def record(
        self,
        now: float,
        key: LaneKey,
        status: int | None,
        reported: Mapping[str, float],
        retry_after: float | None,
        left: float,
    ) -> None:
        """Record what came of a request that left at a time; a status of None: nothing."""
        unanswered = self._unanswered.pop(key, 1) - 1
        if unanswered:
            self._unanswered[key] = unanswered
        throttle = self.throttles.get(key) if self.throttles else None
        if throttle is None:
            if status != 429 and not reported:
                return
            if len(self.throttles) >= self._most:
                self._drop_forgotten(now)
            throttle = self.throttles[key] = Throttle(unanswered + 1)
        if status == 429:
            throttle.rejected(now, retry_after, left, asked_jitter(retry_after or 0.0))
        elif status is not None:
            throttle.answered(now, reported, left, good=status < 400)
        else:
            throttle.unanswered(left)
        if throttle.unlimited:
            del self.throttles[key]

    def _drop_forgotten(self, now: float) -> None:
        """Drop the lanes that nobody came back to; looked for each time that there are twice as many."""
        for key in [key for key, throttle in self.throttles.items() if throttle.is_forgotten(now)]:
            del self.throttles[key]
        self._most = max(FEW, 2 * len(self.throttles))

    def revoked(self, now: float, key: LaneKey) -> None:
        """Take back that a request left: it did not."""
        unanswered = self._unanswered.pop(key, 1) - 1
        if unanswered:
            self._unanswered[key] = unanswered
        if throttle := self.throttles.get(key):
            throttle.unanswered(now)

    def abandon(self) -> None:
        """Forget what is under way, in a forked child."""
        self._unanswered.clear()
        for throttle in self.throttles.values():
            throttle.abandon()

    def reopen(self, now: float) -> None:
        """Open all lanes."""
        for throttle in self.throttles.values():
            throttle.reopen(now)

    def state(self, now: float, waiting: Mapping[LaneKey, int]) -> tuple[LaneState, ...]:
        """Return the lanes that are closed, or that somebody waits in."""
        closed = [key for key, throttle in self.throttles.items() if throttle.blocked_for(now)]
        return tuple(self._state_of(key, now, waiting.get(key, 0)) for key in dict.fromkeys([*closed, *waiting]))

    def _state_of(self, key: LaneKey, now: float, waiting: int) -> LaneState:
        throttle = self.throttles.get(key)
        probe_in = throttle.probe_in(now) if throttle else math.inf
        return LaneState(
            route=key.route,
            model=key.model,
            closed_for=throttle.blocked_for(now) if throttle else 0.0,
            probe_in=None if probe_in == math.inf else probe_in,
            waiting=waiting,
        )


def title(key: LaneKey) -> str:
    """Return a lane in words: `POST images/generations (model m)`."""
    return f"{key.route} (model {key.model})" if key.model else key.route
