"""`Stream`: an `AsyncStream` for code that blocks, which crosses over to the loop once for each network read."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from imagine._blocking.live import BlockingLive
from imagine.calls import CallInfo
from imagine.streaming import AsyncStream

__all__ = ["Stream"]

T = TypeVar("T")
R = TypeVar("R")


class Stream(BlockingLive[T, AsyncStream[T, R]], Generic[T, R]):
    """The chunks of one streaming call, as they come, for code that blocks.

    Nothing is sent before the first chunk is asked for. Use it with `for`; with `with` too where you may leave early,
    so that the connection is freed at once. Iterating raises what the call can raise, and after the last chunk that
    came:

    - ImagineStreamException: the stream broke, or ended before it was complete; `partial` holds what came.
    - ImagineStreamErrorException: the service put an error into the stream.
    - ImagineTimeoutException: no event in time.
    """

    @property
    def call(self) -> CallInfo | None:
        """The record of the call as it stands; None before the first chunk was asked for."""
        return self._async.call

    @property
    def text(self) -> str:
        """The text of the first choice that came so far; ImagineException with `fold=False`."""
        return self._async.text

    def raw(self, chunk: T) -> Any:
        """Return the whole JSON of a chunk as it came, with what its class does not know.

        Ask while you hold the chunk, before the next one is asked for: what came with one read of the network is kept
        until the next, and only its first 64 KiB. Raises ValueError for any other chunk.
        """
        return self._async.raw(chunk)

    def open(self) -> Self:
        """Send the request, and raise what the service answers in place of a stream; return the stream.

        Without it that is raised where the first chunk is asked for. Raises what the call can raise, each time.
        """
        self._call(self._async.open)
        return self

    def final(self) -> R:
        """Read to the end and return the complete answer; ImagineException with `fold=False`."""
        return self._call(self._async.final)
