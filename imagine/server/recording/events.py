"""Cuts a stream into its events, each with the time at which it came."""

from __future__ import annotations

import re
from itertools import pairwise

__all__ = ["TimedEvents"]

_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


class TimedEvents:
    """Takes the bytes of a stream as they come."""

    def __init__(self) -> None:
        self._rest = b""
        self._seconds = 0.0
        self._complete: list[tuple[float, bytes]] = []

    def feed(self, seconds: float, data: bytes) -> None:
        """Take what came so many seconds after the beginning."""
        *complete, self._rest = _events(self._rest + data)
        self._complete += [(seconds, event) for event in complete]
        self._seconds = seconds

    @property
    def pieces(self) -> list[tuple[float, bytes]]:
        """The events, with the blank lines that end them; the last may be the beginning of one."""
        return [*self._complete, (self._seconds, self._rest)] if self._rest else self._complete


def _events(data: bytes) -> list[bytes]:
    ends = [0, *(match.end() for match in _END.finditer(data)), len(data)]
    return [data[begin:end] for begin, end in pairwise(ends)]
