"""From a request to its answer: slot, attempt, retry; aiohttp stands behind this module and nowhere in front of it."""

from __future__ import annotations

import asyncio
import logging
import math
import platform
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from imagine import __version__
from imagine._body import Body, JSONBody, UploadBody
from imagine._call import Attempt, CallRecord
from imagine._clock import Clock, Limit
from imagine._failures import FOREIGN, api_error, connection_error, request_id_of
from imagine._feed import Feed
from imagine._log import log
from imagine._options import Options, checked_headers
from imagine._proxy import proxy_for
from imagine._ratelimit import demanded_wait, told_quota
from imagine._redaction import Redaction
from imagine._retry import RetryPlan
from imagine._sending import Sending
from imagine._slots import Ticket
from imagine._sse import SSEDecoder
from imagine._time import Timeout, positive_seconds
from imagine._tls import tls_context
from imagine.exceptions import (
    ImagineConnectionException,
    ImagineDecodeException,
    ImagineException,
    ImagineStreamException,
)

if TYPE_CHECKING:
    import os

    from imagine._parameters import CallOptions
    from imagine._pool import Pool
    from imagine._slots import Slot, Slots
    from imagine.types.common import UsageInfo

__all__ = ["Call", "Request", "Transport", "quoted_path"]

T = TypeVar("T")

MAX_ERROR_BYTES = 64 * 1024
ERROR_BODY_SECONDS = 5.0
LOGGED_BYTES = 10_000
"""How much of a body `debug` shows."""
MAX_REDIRECTS = 5
JSON = "application/json"
EVENTS = "text/event-stream"
ACCEPTING = {
    JSON: {"Accept": JSON},
    # Uncompressed: a gateway that compresses a stream also collects it.
    EVENTS: {"Accept": EVENTS, "Accept-Encoding": "identity"},
}
BOMB_BYTES = 16 * 1024 * 1024
BOMB_RATIO = 100
"""An answer that has grown to so many bytes, and to so many times its compressed size, is no honest JSON."""
READ_BUFFERS = {JSON: 256 * 1024, EVENTS: 64 * 1024}
"""Bytes read ahead of the reader; few for streams, of which there may be many behind slow consumers."""
USER_AGENT = f"imagine-aio/{__version__} python/{platform.python_version()} aiohttp/{aiohttp.__version__}"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What one call asks for, and the options given to this call alone."""

    method: str
    path: str
    params: Mapping[str, str] = {}
    body: Body | None = None
    headers: Mapping[str, str] = {}
    timeout: float | Timeout | None = None
    deadline: float | None = None
    max_retries: int | None = None


class Call:
    """One call on its way: its record, its clocks, the retries left to it."""

    def __init__(self, request: Request, options: Options, slots: Slots, redaction: Redaction, accept: str) -> None:
        self.slots = slots
        self.redaction = redaction
        self.request = request
        self.options = options
        self.accept = accept
        self.record = CallRecord(request.method, request.path)
        self.timeout = options.timeout if request.timeout is None else Timeout.of(request.timeout)
        self.deadline = _deadline(request.deadline)
        retries = options.max_retries if request.max_retries is None else request.max_retries
        self.plan = RetryPlan(retries, options.retry_budget, on_timeout=options.retry_on_timeout)
        self.paused = 0.0
        self.ticket = Ticket(
            self.doing,
            self.record.started,
            tokens=request.body.estimated_tokens if request.body else 0,
            longest_wait=options.retry_budget,
            waits=options.on_limit == "wait",
            heeds_pace=retries > 0 and request.method != "GET",  # what only looks is no part of a burst
        )

    @property
    def doing(self) -> str:
        """The call in words, for messages: `POST chat/completions`."""
        return f"{self.request.method} {self.request.path}"

    @property
    def answer_part(self) -> str:
        """The part of the timeout that waits for the answer."""
        return "first_event" if self.accept == EVENTS else "read"

    def charge_tokens(self, usage: UsageInfo | None, text: str) -> None:
        """Charge the token quotas with the usage an answer reports; where it does not, four characters are a token."""
        total = usage.total_tokens if usage is not None else None
        self.slots.charge_tokens((total or self.ticket.tokens + len(text) // 4) - self.ticket.tokens)

    def clock(self) -> Clock:
        """Return the clock of one attempt, not yet running."""
        return Clock(self.timeout, self.deadline, f"on {self.doing}")

    def finish(self, error: ImagineException | None = None) -> None:
        """Close the record, once: log it and hand it over."""
        if self.record.finished is not None:
            return
        self.record.finished = time.monotonic()
        if error is not None:
            self.redaction.clean(error)
            self.record.error = f"{type(error).__name__}: {error}"
            error.call = self.record.info()
            error.http_status, error.headers = error.call.status, error.call.headers
        self._log()
        if self.options.on_call is not None:
            self._hand_over(self.options.on_call)

    def cancelled(self) -> None:
        """Close the record of a call that its task has given up."""
        self.record.error = "CancelledError: the call was cancelled"
        self.finish()

    def log_body(self, what: str, content: bytes) -> None:
        """Log a body where `debug` asks for it, without the key."""
        if self.options.debug and log.isEnabledFor(logging.DEBUG):
            shown = self.redaction.text(content[:LOGGED_BYTES].decode("utf-8", "replace"))
            log.debug("%s: %s of %d bytes: %s", self.doing, what, len(content), shown)

    def _log(self) -> None:
        if log.isEnabledFor(logging.DEBUG):
            info = self.record.info()
            log.debug(
                "%s: status %s in %.0f ms, attempt %d, request id %s",
                self.doing, info.status, info.seconds_total * 1000, len(info.attempts), info.request_id,
            )  # fmt: skip

    def _hand_over(self, on_call: Callable[..., object]) -> None:
        try:
            on_call(self.record.info())
        except Exception:  # a user's callback must not turn a good answer into a failure
            log.exception("on_call= failed for %s", self.doing)


NO_DEADLINE = Limit("deadline", math.inf, math.inf)


def _deadline(seconds: float | None) -> Limit:
    if seconds is None:
        return NO_DEADLINE
    return Limit.starting("deadline", positive_seconds("deadline", seconds))


class Transport:
    """Sends calls for one set of options, over the pool and slots that its client shares with those derived from it."""

    def __init__(self, options: Options, pool: Pool, slots: Slots) -> None:
        self._options = options
        self._pool = pool
        self._slots = slots
        self._redaction = Redaction(options.api_key.value)
        self._target = URL(options.endpoint).authority
        self._proxy = proxy_for(options.endpoint, options.proxy)
        self._tls = tls_context(options.verify) if options.endpoint.startswith("https:") else True
        own = {"Authorization": f"Bearer {options.api_key.value}", "User-Agent": USER_AGENT}
        self._headers = {accept: CIMultiDict({**own, **ACCEPTING[accept]}) for accept in ACCEPTING}
        for headers in self._headers.values():
            headers.update(options.default_headers)
        self._urls: dict[str, URL] = {}

    def request(
        self, method: str, path: str, params: Mapping[str, str], body: bytes | None, call: CallOptions
    ) -> Request:
        """Put a request together; ValueError for a path or headers that could leave their place."""
        return self._request_with(method, path, params, JSONBody(body) if body is not None else None, call)

    def upload(
        self, path: str, fields: dict[str, str], file: str | os.PathLike[str] | BinaryIO, call: CallOptions
    ) -> Request:
        """Put an upload together."""
        return self._request_with("POST", path, {}, UploadBody(fields, file), call)

    def _request_with(
        self, method: str, path: str, params: Mapping[str, str], body: Body | None, call: CallOptions
    ) -> Request:
        return Request(
            method=method.upper(),
            path=path,
            params=params,
            body=body,
            headers=checked_headers("extra_headers", extra) if (extra := call.get("extra_headers")) else {},
            timeout=call.get("timeout"),
            deadline=call.get("deadline"),
            max_retries=call.get("max_retries"),
        )

    async def fetch(self, request: Request, decode: Callable[[bytes, CallRecord], T]) -> T:
        """Send a call and decode its whole answer."""
        call = Call(request, self._options, self._slots, self._redaction, JSON)
        try:
            answer = _decoded(decode, await self._send(call, self._unary), call)
            if self._slots.counts_tokens:
                call.charge_tokens(getattr(answer, "usage", None), _text_of(answer))
        except ImagineException as error:
            call.finish(error)
            raise
        except asyncio.CancelledError:
            call.cancelled()
            raise
        call.finish()
        return answer

    async def open(self, request: Request) -> tuple[Call, Feed]:
        """Send a call and return its stream, which stands at its first event."""
        call = Call(request, self._options, self._slots, self._redaction, EVENTS)
        try:
            return call, await self._send(call, self._stream)
        except ImagineException as error:
            call.finish(error)
            raise
        except asyncio.CancelledError:
            call.cancelled()
            raise

    async def _send(self, call: Call, attempt: Callable[[Call], Awaitable[T]]) -> T:
        """Make the first attempt outside of tenacity, whose entry costs more than all else here, and go on within."""
        try:
            return await attempt(call)
        except ImagineException as error:
            if not self._resendable(call) or not call.plan.allows(error, 0):
                raise

        async def again() -> T:
            return await attempt(call)

        async def pause(seconds: float) -> None:
            await self._pause(call, seconds)

        return await call.plan.run(again, pause)

    def _resendable(self, call: Call) -> bool:
        return call.request.body is None or call.request.body.replayable

    async def _pause(self, call: Call, seconds: float) -> None:
        failure = call.plan.failure
        log.info("%s failed: %s; attempt %d in %.1f s", call.doing, failure, len(call.record.attempts) + 1, seconds)
        call.paused = seconds
        try:
            async with asyncio.timeout_at(call.deadline.when):
                await asyncio.sleep(seconds)
        except TimeoutError:
            raise call.deadline.exceeded(f"while waiting to send {call.doing} again, after: {failure}") from failure

    async def _unary(self, call: Call) -> bytes:
        slot = await self._slot(call)
        try:
            async with call.clock() as clock:
                response = await self._answered(call, clock, slot)
                content = await self._content(response, self._options.max_response_bytes)
        finally:
            slot.free()
            if call.request.body is not None:
                call.request.body.close()
        call.log_body("answer", content)
        return content

    async def _stream(self, call: Call) -> Feed:
        slot = await self._slot(call)
        try:
            async with call.clock() as clock:
                response = await self._answered(call, clock, slot)
                try:
                    await self._check_is_stream(call, response)
                    feed = Feed(call, response, slot, SSEDecoder(self._options.max_event_bytes))
                    self._pool.opened(feed)
                    await feed.start(clock)
                except BaseException:
                    response.close()
                    raise
        except BaseException:
            slot.free()
            raise
        return feed

    async def _slot(self, call: Call) -> Slot:
        began = time.monotonic()
        slot = await self._slots.take(call.ticket, call.deadline, self._options.slot_timeout)
        call.record.queued += time.monotonic() - began
        return slot

    async def _answered(self, call: Call, clock: Clock, slot: Slot) -> aiohttp.ClientResponse:
        """Send the request once and return the answer if it is a good one; follow redirects within the origin."""
        failure = call.plan.failure
        call.record.begin_attempt()
        call.record.attempts.append(
            Attempt(len(call.record.attempts) + 1, call.paused, str(failure) if failure else "")
        )
        url = self._url(call.request.path)
        response = await self._sent(call, clock, slot, url, call.request.params)
        for _ in range(MAX_REDIRECTS - 1):
            target = _same_origin_target(url, response, call.request) if response.status >= 300 else None
            if target is None:
                break
            response.release()
            url, response = target, await self._sent(call, clock, slot, target, {})
        if response.status >= 300:
            clock.until(call.deadline)  # a slow body does not hide the status
            raise await self._refused(call, response)
        return response

    async def _sent(
        self, call: Call, clock: Clock, slot: Slot, url: URL, params: Mapping[str, str]
    ) -> aiohttp.ClientResponse:
        response = await self._request(call, clock, url, params)
        self._note(call.record, response)
        slot.answered(response.status, call.record.quota, call.record.retry_after)
        return response

    async def _request(self, call: Call, clock: Clock, url: URL, params: Mapping[str, str]) -> aiohttp.ClientResponse:
        session = await self._pool.session()
        request, body = call.request, call.request.body
        if isinstance(body, JSONBody):
            call.log_body("request", body.content)
        data = body.open(clock, call.answer_part) if body else None
        sending = Sending(clock, body, call.answer_part, self._target)
        clock.start("connect")
        try:
            return await session.request(
                request.method,
                url,
                params=params,
                data=data,
                headers=self._headers_for(call),
                allow_redirects=False,
                proxy=self._proxy,
                ssl=self._tls,
                read_bufsize=READ_BUFFERS[call.accept],
                middlewares=(sending.once,),
            )
        except FOREIGN as error:
            raise self._ours(error) from error

    def _headers_for(self, call: Call) -> CIMultiDict[str]:
        headers = self._headers[call.accept].copy()
        if isinstance(call.request.body, UploadBody):
            headers.popall("Content-Type", None)  # the form names its own, with the boundary
        if call.request.body:
            headers.update(call.request.body.headers)
        headers.update(call.request.headers)
        return headers

    def _url(self, path: str) -> URL:
        url = self._urls.get(path)
        if url is None:
            url = URL(f"{self._options.endpoint}/{quoted_path(path)}", encoded=True)
            if len(self._urls) < 64:
                self._urls[path] = url
        return url

    def _note(self, record: CallRecord, response: aiohttp.ClientResponse) -> None:
        headers = response.headers
        record.status, record.headers = response.status, headers
        record.request_id = request_id_of(headers)
        record.quota = told_quota(headers)
        record.retry_after = demanded_wait(headers) if response.status >= 400 else None

    async def _content(self, response: aiohttp.ClientResponse, most: int) -> bytes:
        """Read a whole body; its size is counted after decompression."""
        pieces: list[bytes] = []
        size = 0
        try:
            while piece := await response.content.readany():
                pieces.append(piece)
                size += len(piece)
                if size > most:
                    raise ImagineDecodeException(f"the answer is longer than max_response_bytes={most}")
                if size > BOMB_BYTES and size > BOMB_RATIO * response.content.total_raw_bytes:
                    raise ImagineDecodeException(
                        f"a decompression bomb: it unfolds to over {BOMB_RATIO} times what came"
                    )
        except ImagineException:
            response.close()
            raise
        except FOREIGN as error:
            response.close()
            raise connection_error(error, self._target) from error
        except BaseException:
            response.close()
            raise
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def _ours(self, error: BaseException) -> BaseException:
        """Return an error as one of ours; some of ours are ValueError or OSError, too, and stay as they are."""
        return error if isinstance(error, ImagineException) else connection_error(error, self._target)

    async def _refused(self, call: Call, response: aiohttp.ClientResponse) -> ImagineException:
        """Return the exception for an error answer; a body that is long, slow or broken does not hide the status."""
        if response.status == 407 and self._proxy:
            response.close()
            return ImagineConnectionException(
                "407: the proxy asks for a user and password; put them into proxy='http://user:password@host'", "proxy"
            )
        body = await self._start_of_body(response)
        call.log_body("answer", body)
        return api_error(response.status, call.record.headers, body, doing=call.doing, redaction=self._redaction)

    async def _start_of_body(self, response: aiohttp.ClientResponse) -> bytes:
        body = b""
        try:
            async with asyncio.timeout(ERROR_BODY_SECONDS):
                while len(body) < MAX_ERROR_BYTES and (piece := await response.content.readany()):
                    body += piece
        except FOREIGN:
            pass
        finally:
            if not response.content.at_eof():
                response.close()
        return body[:MAX_ERROR_BYTES]

    async def _check_is_stream(self, call: Call, response: aiohttp.ClientResponse) -> None:
        kind = response.headers.get("Content-Type", "")
        if not kind or kind.partition(";")[0].strip().lower() == EVENTS:
            return
        body = await self._start_of_body(response)
        shown = self._redaction.text(body.decode("utf-8", "replace"))[:200]
        raise ImagineStreamException(f"{call.doing} was answered with {kind}, not a stream of events: {shown!r}")


def _decoded(decode: Callable[[bytes, CallRecord], T], content: bytes, call: Call) -> T:
    try:
        return decode(content, call.record)
    except ImagineDecodeException as error:
        kind = call.record.headers.get("Content-Type", "no content type")
        what = f"{call.record.status} from {call.doing} ({kind})"
        raise ImagineDecodeException(f"{what}: {error if content else 'the answer is empty'}") from error


def _text_of(answer: object) -> str:
    return getattr(answer, "first_content", None) or getattr(answer, "first_text", None) or ""


def quoted_path(path: str) -> str:
    """Quote a route so that it stays below the endpoint; ValueError for one that would leave it."""
    path = path.strip("/")
    if any(segment in ("", ".", "..") for segment in path.split("/")):
        raise ValueError(f"path {path!r} must be a route below the endpoint, such as chat/completions")
    return quote(path, safe="/")


def _same_origin_target(url: URL, response: aiohttp.ClientResponse, request: Request) -> URL | None:
    """Return where a redirect leads if it may be followed: same origin, same method, a body that can be sent again."""
    keeps_method = response.status in (307, 308) or (response.status in (301, 302, 303) and request.method == "GET")
    location = response.headers.get("Location")
    if not keeps_method or not location or (request.body and not request.body.replayable):
        return None
    try:
        target = url.join(URL(location))
        return target if target.origin() == url.origin() else None
    except ValueError:  # no URL at all, or one without a host
        return None
