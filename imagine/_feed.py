"""One open stream: payloads of events, a network read at a time, under the clocks of a stream."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import aiohttp

from imagine._clock import STALL, Limit
from imagine._failures import FOREIGN, carries_error, stream_error
from imagine.exceptions import (
    ImagineDecodeException,
    ImagineException,
    ImagineStreamErrorException,
    ImagineStreamException,
)

if TYPE_CHECKING:
    from imagine._clock import Clock
    from imagine._pool import Life
    from imagine._slots import Slot
    from imagine._sse import SSEDecoder
    from imagine._transport import Call
    from imagine.types.common import UsageInfo

__all__ = ["Feed"]

KEEPALIVE_EXTENSIONS = 10
"""A keep-alive starts first_event anew, up to this many times its length in all."""
LINGER_SECONDS = 0.05
"""How long after its last event a connection may take to show the end of the body, and so be kept."""


class Feed:
    """The body of an answered stream; it owns the connection and the slot until it is closed.

    The clock between events is a look now and then, and a time stamp for each read; not a scope for each read.
    """

    def __init__(self, call: Call, response: aiohttp.ClientResponse, slot: Slot, sse: SSEDecoder, life: Life) -> None:
        self._loop = life.loop
        self._watch = life.watch
        self._call = call
        self._response = response
        self._content = response.content
        self._slot = slot
        self._timeout = call.timeout
        self._deadline = call.deadline
        self._sse = sse
        self._ready: list[bytes] = []
        self._at_end = False
        self._clock: Clock | None = None  # of the attempt, which runs until the first event
        self._began = 0.0
        self._keepalives = 0
        self._closed = False
        self._ending: ImagineException | None = None  # what the next read raises
        self._left = call.timeout.between_events  # seconds of waiting until the next event is overdue
        self._waiting = False
        self._due = math.inf
        self._patience = 0.0  # after the loop stood still: until then what came meanwhile is looked at first

    @property
    def at_end(self) -> bool:
        """Whether the body has ended."""
        return self._at_end

    @property
    def events(self) -> int:
        """Events so far."""
        return self._call.record.events

    @property
    def error_event(self) -> bytes | None:
        """The payload of the `event: error` that ended the stream."""
        return self._sse.error

    def count(self, events: int) -> None:
        """Note the events of one read."""
        self._call.record.count(events)

    @property
    def counts_tokens(self) -> bool:
        """Whether quotas were declared."""
        return self._call.slots.counts_tokens

    def charge_tokens(self, usage: UsageInfo | None, text: str) -> None:
        """Charge the token quotas with what the stream cost."""
        self._call.charge_tokens(usage, text)

    def service_error(self, payload: bytes) -> ImagineStreamErrorException:
        """Return the exception for an error that the service put into the stream."""
        return stream_error(payload, self._call.record, doing=self._call.doing, redaction=self._call.redaction)

    def not_a_chunk(self, payload: bytes, error: ImagineDecodeException) -> ImagineStreamException:
        """Return the exception for a payload that is no chunk: an error of the service, a cut event, or nonsense."""
        if carries_error(payload):
            return self.service_error(payload)
        what = "ended in the middle of an event" if self._at_end else "carried an event that is no chunk"
        failure = ImagineStreamException(f"the stream {what}: {error}")
        failure.__cause__ = error
        return failure

    async def start(self, clock: Clock) -> None:
        """Read up to the first event, inside the attempt that opened the stream."""
        self._clock, self._began = clock, self._loop.time()
        self._ready = await self.read()
        self._clock = None
        if not self._closed:
            self._watch.add(self)
            self._watch.expect(self.look(self._loop.time()))

    async def read(self) -> list[bytes]:
        """Return the payloads of the next read that has any; an empty list at the end of the body."""
        while not self._ready and not self._at_end:  # one read of the network; no coroutine of its own: that is dear
            if self._ending is not None:
                raise self._ending
            began = self._loop.time()
            self._due = self._due_after(began)
            self._waiting = True
            try:
                data = await self._content.readany()
            except FOREIGN as error:
                data = self._after(error)
            finally:
                self._waiting = False
                self._left -= self._loop.time() - began
            self._take(data)
        self._left = self._timeout.between_events
        payloads, self._ready = self._ready, []
        return payloads

    def fail(self, error: ImagineException) -> None:
        """Close after a failure, which goes into the record."""
        self._call.finish(error)
        self.close()

    def close(self) -> None:
        """Drop the connection and free the slot; from the loop's thread."""
        if not self._closed:
            self._leave()
            self._disconnect()

    async def finish(self) -> None:
        """Leave a stream whose last event was read: its connection is kept if the body ends in the next moment."""
        if not self._closed:
            self._leave()
            if not self._content.is_eof():
                await self._linger()

    def client_closed(self) -> None:
        """Break off because the client, or the loop, came to its end: a reader must not take that for the stream's."""
        if not self._closed:
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
        if _runs_here(self._loop):
            self.close()
            return
        self.close_soon()

    def close_soon(self) -> None:
        """Close in the loop's next turn: for finalizers, which run in the middle of anything."""
        try:
            self._loop.call_soon_threadsafe(self.close)
        except RuntimeError:  # the loop is closed, and the connection with it
            self._slot.free()

    async def _linger(self) -> None:
        """Close the connection unless the body ends soon, as it does where the service ends it after [DONE]."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                await self._content.wait_eof()
        except FOREIGN:  # not there in time, or it broke: nothing after [DONE] counts
            pass
        finally:
            self._disconnect()

    def _leave(self) -> None:
        self._closed = self._at_end = True
        self._ready = []
        self._watch.discard(self)
        self._slot.free()
        self._call.finish()

    def _take(self, data: bytes) -> None:
        """Take what was read; nothing is the end of the body."""
        if data:
            self._ready = self._sse.feed(data)
        elif not self._closed:
            self._ready = self._sse.finish()
        self._at_end = self._at_end or not data or self._sse.error is not None
        if self._clock is not None and self._sse.keepalives != self._keepalives:
            self._keepalives, seconds = self._sse.keepalives, self._timeout.first_event
            at = min(self._loop.time() + seconds, self._began + KEEPALIVE_EXTENSIONS * seconds)
            self._clock.until("first_event", at)

    def _due_after(self, began: float) -> float:
        """Return when a wait that begins now has been too long."""
        due = began + self._left
        if due < self._deadline.at or self._clock is not None:
            return due
        if self._deadline.at <= began:
            raise self._deadline.exceeded("in the middle of a stream")
        return self._deadline.at

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
        data = self._content.read_nowait()
        if not data:
            raise self._ending
        return data

    def look(self, now: float) -> float:
        """Break the stream off if its next event is overdue; return when it can be, at the earliest."""
        if not self._waiting:
            self._patience = 0.0
            return min(now + self._left, self._deadline.at if self._deadline.at > now else math.inf)
        if now < self._due:
            self._patience = 0.0
            return self._due
        if now > self._due + STALL and not self._patience:
            self._patience = now + STALL
        if now < self._patience:
            return self._patience
        self._break_off(self._overdue().exceeded("in the middle of a stream"))
        return math.inf

    def _overdue(self) -> Limit:
        if self._due == self._deadline.at:
            return self._deadline
        return Limit("between_events", self._timeout.between_events, self._due)


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
