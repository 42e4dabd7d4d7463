"""One open stream: payloads of events, a network read at a time, under the clocks of a stream."""

from __future__ import annotations

import asyncio
import contextvars
import math
from typing import TYPE_CHECKING

import aiohttp

from imagine._http.compression import unpacked
from imagine._http.errors import FOREIGN
from imagine._http.reading import BOMB, BOMB_BYTES, is_bomb
from imagine._pacing.clock import EventClock
from imagine.exceptions import ImagineException, ImagineStreamException

if TYPE_CHECKING:
    from imagine._answers.sse import SSEDecoder
    from imagine._http.call import Call
    from imagine._pacing.clock import Clock, Watchdog
    from imagine._pacing.slots import Slot
    from imagine.calls import Outcome

__all__ = ["EventSource"]

KEEPALIVE_EXTENSIONS = 10
"""A keep-alive starts first_event anew, up to this many times its length in all."""
BREAK_SECONDS = 0.05
"""How long a connection may take to break after a [DONE] that leaves the answer unfinished."""
MOMENT = 0.01
"""How long the end of a body may take to come behind its last event, so that the caller does not notice."""
LINGER_SECONDS = 1.0
"""How long after its last event a connection may take to show the end of the body, and so be kept."""


class EventSource:
    """The body of an answered stream; it owns the connection and the slot until it is closed."""

    def __init__(
        self, call: Call, response: aiohttp.ClientResponse, slot: Slot, sse: SSEDecoder, watchdog: Watchdog
    ) -> None:
        self.call = call
        self._response = response
        self._content = response.content
        self._reader = unpacked(response)
        self._slot = slot
        self._sse = sse
        self._watchdog = watchdog
        self.clock = EventClock(watchdog.loop, call.timeout.between_events)
        """Runs while a reader waits."""
        self._attempt: Clock | None = None  # the clock of the attempt, which runs until the first event
        self._began = 0.0
        self._keepalives = 0
        self._ready: list[bytes] = []
        self._at_end = False
        self._closed = False
        self._lingers = False
        self._ending: ImagineException | None = None  # what the next read raises
        self.refusal: ImagineException | None = None
        """Why it is not read on, however well it ended."""
        self.size = 0
        """How many bytes came so far."""
        self._longest: float = math.inf

    @property
    def at_end(self) -> bool:
        """Whether the body has ended."""
        return self._at_end

    @property
    def is_closed(self) -> bool:
        """Whether the slot is free, and the record of the call closed."""
        return self._closed

    @property
    def error_event(self) -> bytes | None:
        """The payload of the `event: error` that ended the stream."""
        return self._sse.error

    async def start(self, clock: Clock) -> None:
        """Read up to the first event, inside the attempt that opened the stream."""
        self._attempt, self._began = clock, self._watchdog.loop.time()
        self._ready = await self.read()
        self._attempt = None
        self.clock.deadline = self.call.deadline
        if not self._closed:
            self._watchdog.add(self)
            self._watchdog.expect(self.check(self._watchdog.loop.time()))

    def keep_within(self, most: int) -> None:
        """Refuse the stream once it is longer, because it is kept whole."""
        self._longest = most
        self._check_size()

    async def read(self) -> list[bytes]:
        """Return the payloads of the next read that has any; an empty list at the end of the body."""
        clock = self.clock
        try:
            while not self._ready and not self._at_end:  # one read of the network; a coroutine each would cost more
                if self._ending is not None:
                    raise self._ending
                if not clock.is_waiting:
                    clock.start()
                try:
                    data = await self._reader.readany()
                except FOREIGN as error:
                    data = self._after(error)
                self._take(data)
        finally:
            clock.is_waiting = False
        payloads, self._ready = self._ready, []
        return payloads

    def fail(self, error: ImagineException) -> None:
        """Close after a failure, which goes into the record."""
        self.call.finish("failed", error)
        self.close()

    def close(self) -> None:
        """Drop the connection and free the slot; from the loop's thread."""
        if not self._closed:
            self._disconnect()
            self._leave("left")

    async def finish(self) -> None:
        """Leave a stream whose last event was read; its connection is kept if the body ends soon, as it mostly does.

        That holds no slot, and the caller for a moment alone: who asks at once for the next stream finds a connection.
        Nothing that happens meanwhile is told: after [DONE] nothing counts.
        """
        if not self._closed:
            self._leave("complete")
            if not self._content.is_eof():
                self._linger()
                await self._ends_badly_within(MOMENT)

    async def breaks_off(self) -> bool:
        """Tell whether the connection breaks in the next moment; a good end, or silence, is none.

        An interrupted llama.cpp sends [DONE] over an unfinished choice, and then breaks off.
        """
        return await self._ends_badly_within(BREAK_SECONDS)

    async def _ends_badly_within(self, seconds: float) -> bool:
        if self._ending is not None or self._content.exception() is not None:  # nobody would be told of it again
            return True
        try:
            async with asyncio.timeout(seconds):
                await self._content.wait_eof()
        except TimeoutError:
            return False
        except FOREIGN:
            return True
        return False

    def client_closed(self) -> None:
        """Break off because the client, or the loop, came to its end: a reader must not take that for the stream's."""
        if self._lingers:
            self._stop_lingering()
        elif not self._closed:
            self._slot.free()  # whoever reads it may never come back
            self._break_off(ImagineStreamException("the client was closed in the middle of the stream"))

    def _break_off(self, error: ImagineException) -> None:
        self._ending = error
        self._disconnect()

    def _disconnect(self) -> None:
        """Close the connection; a reader that waits is given an exception of its own.

        The one that aiohttp gives is shared by all responses: it would hold the frames of all readers for ever.
        """
        if self._content.exception() is None:
            self._content.set_exception(aiohttp.ClientConnectionError("Connection closed"))
        self._response.close()

    def close_from_anywhere(self) -> None:
        """Close from any thread: at once where this is the loop's own."""
        if _runs_here(self._watchdog.loop):
            self.close()
            return
        self.close_soon()

    def close_soon(self) -> None:
        """Close in the loop's next turn: for finalizers, which run in the middle of anything."""
        try:
            self._watchdog.loop.call_soon_threadsafe(self.close)
        except RuntimeError:  # the loop is closed, and the connection with it
            self._slot.free()
            self.call.finish("left")

    def _linger(self) -> None:
        self._lingers = True
        context = contextvars.Context()  # not that of the reader, which the timer would keep alive
        timer = self._watchdog.loop.call_later(LINGER_SECONDS, self._stop_lingering, context=context)
        self._content.on_eof(timer.cancel)

    def _stop_lingering(self) -> None:
        self._lingers = False
        if not self._content.is_eof():
            self._disconnect()

    def _leave(self, outcome: Outcome) -> None:
        self._closed = self._at_end = True
        self._ready = []
        self._watchdog.discard(self)
        self._slot.free()
        self.call.finish(outcome)

    def _take(self, data: bytes) -> None:
        """Take what was read; nothing is the end of the body."""
        if data:
            self.size += len(data)
            if self.size > BOMB_BYTES or self.size > self._longest:
                self._check_size()
            self._ready = self._sse.feed(data)
        elif not self._closed:
            self._ready = self._sse.finish()
        self._at_end = self._at_end or not data or self._sse.error is not None
        if self._attempt is not None and self._sse.keepalives != self._keepalives:
            self._keepalives, seconds = self._sse.keepalives, self.call.timeout.first_event
            anew = self._watchdog.loop.time() + seconds
            self._attempt.until("first_event", min(anew, self._began + KEEPALIVE_EXTENSIONS * seconds))

    def _check_size(self) -> None:
        """Have the next read refuse a stream that is too long to be kept, or that unfolds out of next to nothing."""
        if self.size > self._longest:
            self.refusal = ImagineStreamException(
                f"the stream is longer than max_response_bytes={self._longest}; with fold=False nothing of it is kept"
            )
        elif is_bomb(self.size, self._content):
            self.refusal = ImagineStreamException(BOMB)
        self._ending = self.refusal or self._ending

    def _after(self, error: BaseException) -> bytes:
        """Return what is left to read after an error; nothing where this end was closed."""
        if self._ending is not None:
            raise self._ending from error
        return b"" if self._closed else self._rescue(error)

    def _rescue(self, error: BaseException) -> bytes:
        """Return what had arrived before the connection broke: aiohttp's reader holds it back after an error."""
        self._ending = _cut(error)
        self._ending.__cause__ = error
        self._content.set_exception(None)  # type: ignore[arg-type]  # no other public way to what it holds
        data = self._reader.read_nowait()
        if not data:
            raise self._ending
        return data

    def check(self, now: float) -> float:
        """Break the stream off if its next event is overdue; return when it can be, at the earliest."""
        if self._ending is not None:
            return math.inf
        if not self.clock.is_hit(now):
            return self.clock.next_check(now)
        self._break_off(self.clock.exceeded())
        return math.inf


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False


def _cut(error: BaseException) -> ImagineStreamException:
    what = (
        "its body ended early" if isinstance(error, aiohttp.ClientPayloadError) else str(error) or type(error).__name__
    )
    return ImagineStreamException(f"the stream broke off before it was complete: {what}")
