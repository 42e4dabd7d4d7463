"""Which fault the next requests get."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from imagine.server.faults.table import Playable, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagine.server.faults.exchange import Exchange

__all__ = ["FaultScript", "Raw"]


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer given byte by byte, for `FaultScript.script`."""

    steps: bytes | Sequence[bytes | float]
    """Bytes, written as they are once the request has been read; or several of them, and pauses in seconds."""
    then: Literal["keep", "close", "abort", "hold"] = "close"
    """What happens to the connection then: kept, closed, reset, or held open until the client goes."""

    def __post_init__(self) -> None:
        steps = [self.steps] if isinstance(self.steps, bytes) else self.steps  # whose items would be pauses
        for step in steps:
            _check_step(step)
        object.__setattr__(self, "steps", steps)

    @property
    def name(self) -> str:
        """The name that a recorded request has for it."""
        return "raw"

    @property
    def reads_body(self) -> bool:
        """True: the request's body is read before it plays."""
        return True

    async def play(self, exchange: Exchange, /) -> None:
        """Do the steps, then what `then` says."""
        for step in self.steps:
            if isinstance(step, bytes):
                exchange.wire.write(step)
            else:
                await asyncio.sleep(step)
        await self._end(exchange)

    async def _end(self, exchange: Exchange) -> None:
        if self.then == "hold":
            await exchange.wire.hold()
        elif self.then == "abort":
            exchange.wire.abort()
        elif self.then == "close":
            exchange.wire.close()


def _check_step(step: object) -> None:
    if not isinstance(step, bytes | int | float):
        raise TypeError(f"Raw takes bytes, and numbers for pauses in seconds, not {step!r}")


class FaultScript:
    """A queue of faults, one for each of the next requests in order of arrival.

    Any thread may fill it.
    """

    def __init__(self) -> None:
        self._queue: deque[Playable | None] = deque()
        self._lock = threading.Lock()

    def script(self, faults: Iterable[str | Raw | None]) -> None:
        """Add faults to the queue: spellings as for `X-Imagine-Fault`, `Raw` answers, None for a good answer.

        Requests without a valid key take none, nor do those that name their fault in a header. ValueError for an
        unknown spelling; in that case none is added.
        """
        playable = [parse(fault) if isinstance(fault, str) else fault for fault in faults]
        with self._lock:
            self._queue.extend(playable)

    def clear(self) -> None:
        """Forget the faults that no request has had yet."""
        with self._lock:
            self._queue.clear()

    def take(self) -> Playable | None:
        """Take the next fault; None for a good answer."""
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def __len__(self) -> int:
        return len(self._queue)
