"""A value that is shown while it streams, as users hold it."""

from __future__ import annotations

from collections.abc import Callable  # noqa: TC003 - get_type_hints needs it
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from imagine._asking.outcomes import Answer, Parsed, Partial
from imagine._live import AsyncLive
from imagine.exceptions import ImagineException, ImagineStreamException
from imagine.streaming import AsyncStream  # noqa: TC001 - get_type_hints needs it

if TYPE_CHECKING:
    from imagine._asking.showing import Showing
else:
    Showing = object  # clients are made more often than typed answers: it is loaded with the first one

__all__ = ["AsyncPartialStream"]

T = TypeVar("T")


class Asks(Protocol[T]):
    """Knows what is asked."""

    def failed(self, error: ImagineException) -> None:
        """Go on to the next way, or raise."""
        ...

    def taken(self, answer: Answer, *, last: bool) -> Parsed[T] | None:
        """Read an answer; None where there is another way."""
        ...


class AsyncPartialStream(AsyncLive[Partial], Generic[T]):
    """A value of a type as it grows.

    Nothing is sent before the first `Partial` is asked for. Iterate it to show what is there so far, or to take what
    has become complete; `final()` is the whole value. Iterating raises what a stream raises, and ImagineParseException
    at the end where the answer does not fit.
    """

    def __init__(
        self,
        asking: Asks[T],
        ask: Callable[[], AsyncStream[Any, Any]],
        show: Callable[[], Showing],
    ) -> None:
        self._asking = asking
        self._ask = ask
        self._show = show
        self._stream: AsyncStream[Any, Any] | None = None
        self._showing = show()
        self._parsed: Parsed[T] | None = None
        self._failure: ImagineException | None = None
        self._closed = self._reading = False

    async def read(self) -> list[Partial]:
        """Return what came with the next network read, in a list that is empty at the end; iterating is the same."""
        if self._reading:
            raise ImagineException("the stream is being read by another task; give each consumer a stream of its own")
        if self._failure is not None:
            raise self._failure
        self._reading = True
        try:
            while self._parsed is None and not self._closed:
                if partials := await self._step():
                    return partials
        except ImagineException as error:
            if not self._closed:
                self._failure = error
                raise
        finally:
            self._reading = False
        return []

    async def final(self) -> Parsed[T]:
        """Read to the end and return the whole value.

        Raises ImagineParseException where the answer does not fit, and what streams raise. A stream never asks again:
        it goes on to the next of its ways while nothing was shown, and ends otherwise.
        """
        while await self.read():
            pass
        if self._parsed is None:
            error = ImagineStreamException("the stream was closed before its end; `partial` has what came")
            error.partial = self._showing.data
            raise error
        return self._parsed

    def close(self) -> None:
        """Drop the connection at once, from any task or thread; iterating just ends."""
        self._closed = True
        self._batch = iter(())
        if self._stream is not None:
            self._stream.close()

    def _give_up(self, error: BaseException) -> None:
        if self._stream is not None:
            self._stream._give_up(error)  # pyright: ignore[reportPrivateUsage] - what lives gives up what it stands on

    async def _step(self) -> list[Partial]:
        self._stream = stream = self._stream or self._ask()
        if self._closed:  # by another thread, in between
            stream.close()
        try:
            chunks = await stream.read()
        except ImagineException as error:
            if self._closed or self._showing.data is not None:
                raise
            self._asking.failed(error)
            self._begin_anew()
            return []
        if not chunks:
            await self._end(stream)
            return []
        completed = self._showing.feed(chunks)
        return [] if completed is None else [Partial(self._showing.data, tuple(completed))]

    async def _end(self, stream: AsyncStream[Any, Any]) -> None:
        if self._closed:
            return
        self._parsed = self._asking.taken(await stream.final(), last=self._showing.data is not None)
        if self._parsed is None:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._stream, self._showing = None, self._show()
