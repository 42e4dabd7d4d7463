"""From a request to its answer: slot, attempt, retry; aiohttp stands behind this module and nowhere in front of it."""

from __future__ import annotations

import asyncio
import logging
import platform
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec
from multidict import CIMultiDict
from yarl import URL

from imagine import __version__
from imagine._body import JSON_HEADERS, SMALL, Body, JSONBody, UploadBody
from imagine._call import FIRST_ATTEMPT, Attempt, CallRecord, RawResponse
from imagine._clock import NO_DEADLINE, Clock, Limit
from imagine._failures import FOREIGN, api_error, connection_error
from imagine._feed import Feed
from imagine._log import log
from imagine._options import Options, checked_headers
from imagine._proxy import proxy_for
from imagine._ratelimit import demanded_wait, told_quota
from imagine._redaction import Redaction
from imagine._retry import RetryPlan
from imagine._sending import Sending, current_sending
from imagine._slots import Slots
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
    from collections.abc import Awaitable, Callable

    from imagine._parameters import CallOptions
    from imagine._pool import Pool
    from imagine._slots import Slot
    from imagine.types.common import UsageInfo

__all__ = ["Call", "Transport", "quoted_path"]

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
ANSWER_PARTS = {JSON: "read", EVENTS: "first_event"}
READ_BUFFERS = {JSON: 256 * 1024, EVENTS: 64 * 1024}
"""Bytes read ahead of the reader; few for streams, of which there may be many behind slow consumers."""
USER_AGENT = f"imagine-aio/{__version__} python/{platform.python_version()} aiohttp/{aiohttp.__version__}"


class Call(msgspec.Struct, eq=False):
    """One call on its way: its record, its limits, the retries left to it; and what it waits with for a slot."""

    method: str
    path: str
    url: URL
    params: Mapping[str, str]
    body: Body | None
    accept: str
    answer_part: str
    """The part of the timeout that waits for the answer."""
    options: Options
    slots: Slots
    redaction: Redaction
    timeout: Timeout
    retries: int
    record: CallRecord
    deadline: Limit = NO_DEADLINE
    headers: Mapping[str, str] = {}
    """Those given to this call alone."""
    plan: RetryPlan | None = None
    """Made after the first failure."""
    paused: float = 0.0
    """Seconds waited before the attempt under way."""

    def __repr__(self) -> str:
        return f"Call({self.doing})"  # no body and no headers, which tracebacks with local variables would show

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more to those who ask as `rich` does."""
        return [("doing", self.doing)]

    def differ(self, own: CallOptions) -> None:
        """Take the options of this call alone; ValueError or TypeError for one that cannot be used."""
        if (timeout := own.get("timeout")) is not None:
            self.timeout = Timeout.of(timeout)
        if (deadline := own.get("deadline")) is not None:
            self.deadline = Limit.starting("deadline", positive_seconds("deadline", deadline))
        if (retries := own.get("max_retries")) is not None:
            self.retries = retries
        if extra := own.get("extra_headers"):
            self.headers = checked_headers("extra_headers", extra)

    @property
    def doing(self) -> str:
        """The call in words, for messages: `POST chat/completions`."""
        return f"{self.method} {self.path}"

    @property
    def since(self) -> float:
        """When it began."""
        return self.record.started

    @property
    def heeds_pace(self) -> bool:
        """Whether it stays behind a gate that another's 429 has closed: what only looks is no part of a burst."""
        return self.retries > 0 and self.method != "GET"

    @property
    def tokens(self) -> int:
        """What it is estimated to cost."""
        return self.body.estimated_tokens if self.body else 0

    @property
    def longest_wait(self) -> float:
        """Seconds it may wait for the service's pace or a declared quota."""
        return self.options.retry_budget

    @property
    def waits(self) -> bool:
        """Whether it waits for a quota at all, or fails at once."""
        return self.options.on_limit == "wait"

    def begin_attempt(self) -> None:
        """Note that the request is sent once more."""
        attempts = self.record.attempts
        if self.plan is None:
            attempts.append(FIRST_ATTEMPT)
        else:
            self.record.begin_attempt()
            attempts.append(Attempt(len(attempts) + 1, self.paused, str(self.plan.failure)))

    def ends_with(self, error: BaseException) -> bool:
        """Tell whether its first attempt was its last."""
        if isinstance(error, ImagineException) and self._allows_again(error):
            return False
        self.failed(error)
        return True

    def _allows_again(self, error: ImagineException) -> bool:
        options = self.options
        self.plan = RetryPlan(self.retries, options.retry_budget, on_timeout=options.retry_on_timeout)
        resendable = self.body is None or self.body.replayable
        return resendable and self.plan.allows(error, 0)

    def charge_tokens(self, usage: UsageInfo | None, text: str) -> None:
        """Charge the token quotas with the usage an answer reports; where it does not, four characters are a token."""
        total = usage.total_tokens if usage is not None else None
        self.slots.charge_tokens((total or self.tokens + len(text) // 4) - self.tokens)

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
        if log.isEnabledFor(logging.DEBUG):
            self._log()
        if self.options.on_call is not None:
            self._hand_over(self.options.on_call)

    def failed(self, error: BaseException) -> None:
        """Close the record of a call that has failed, or that its task has given up."""
        if isinstance(error, ImagineException):
            self.finish(error)
        elif isinstance(error, asyncio.CancelledError):
            self.record.error = "CancelledError: the call was cancelled"
            self.finish()

    def log_body(self, what: str, content: bytes | bytearray) -> None:
        """Log a body, without the key."""
        if log.isEnabledFor(logging.DEBUG):
            shown = self.redaction.text(content[:LOGGED_BYTES].decode("utf-8", "replace"))
            log.debug("%s: %s of %d bytes: %s", self.doing, what, len(content), shown)

    def _log(self) -> None:
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


class Transport:
    """Sends calls for one set of options, over the pool and slots that its client shares with those derived from it."""

    def __init__(self, options: Options, pool: Pool, slots: Slots) -> None:
        self.options = options
        self.slots = slots
        self.redaction = Redaction(options.api_key.value)
        self._pool = pool
        self._target = URL(options.endpoint).authority
        self._proxy = proxy_for(options.endpoint, options.proxy)
        self._tls = tls_context(options.verify) if options.endpoint.startswith("https:") else True
        own = {"Authorization": f"Bearer {options.api_key.value}", "User-Agent": USER_AGENT}
        self._headers = {
            accept: _headers({**own, **ACCEPTING[accept]}, options.default_headers) for accept in ACCEPTING
        }
        self._json_headers = {accept: _headers(self._headers[accept], JSON_HEADERS) for accept in ACCEPTING}
        self._urls: dict[str, URL] = {}

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        content: bytes | None,
        own: CallOptions,
        *,
        stream: bool = False,
    ) -> Call:
        """Begin a call with options of its own; ValueError or TypeError for one, or for a path, that cannot be used."""
        body = JSONBody(content, len(content) > SMALL) if content is not None else None
        return self._call(method.upper(), path, params, body, own, EVENTS if stream else JSON)

    def upload(
        self, path: str, fields: dict[str, str], file: str | os.PathLike[str] | BinaryIO, own: CallOptions
    ) -> Call:
        """Begin an upload."""
        return self._call("POST", path, {}, UploadBody(fields, file), own, JSON)

    def _call(
        self, method: str, path: str, params: Mapping[str, str], body: Body | None, own: CallOptions, accept: str
    ) -> Call:
        options = self.options
        call = Call(
            method,
            path,
            self._url(path),
            params,
            body,
            accept,
            ANSWER_PARTS[accept],
            options,
            self.slots,
            self.redaction,
            options.timeout,
            options.max_retries,
            CallRecord(method, path),
        )
        if own:
            call.differ(own)
        return call

    async def fetch(self, call: Call, decode: Callable[[bytes | bytearray], T]) -> T:
        """Send a call and decode its whole answer."""
        content = None
        try:  # outside of tenacity, whose entry costs more than all else here
            content = await self._unary(call)
        except BaseException as error:
            if call.ends_with(error):
                raise
        if content is None:
            content = await self._send_again(call, self._unary)
        try:
            answer = decode(content)
        except ImagineDecodeException as error:
            failure = _undecodable(call, content, error)
        else:
            if self.slots.counts_tokens:
                call.charge_tokens(getattr(answer, "usage", None), _text_of(answer))
            call.finish()
            return answer
        raise failure  # out here, where no context is added to it: what shows the key was taken off it

    async def fetch_raw(self, call: Call) -> RawResponse:
        """Send a call and return its answer as it came."""
        content = await self.fetch(call, bytes)
        info = call.record.info()
        return RawResponse(info.status or 0, info.headers, content, info)

    async def open(self, call: Call) -> Feed:
        """Send a call and return its stream, which stands at its first event."""
        try:
            return await self._stream(call)
        except BaseException as error:
            if call.ends_with(error):
                raise
        return await self._send_again(call, self._stream)

    async def _send_again(self, call: Call, attempt: Callable[[Call], Awaitable[T]]) -> T:
        """Go on after a first attempt that failed."""
        assert call.plan is not None

        async def again() -> T:
            return await attempt(call)

        async def pause(seconds: float) -> None:
            await self._pause(call, seconds)

        try:
            return await call.plan.run(again, pause)
        except BaseException as error:
            call.failed(error)
            raise

    async def _pause(self, call: Call, seconds: float) -> None:
        failure = call.plan.failure if call.plan else None
        log.info("%s failed: %s; attempt %d in %.1f s", call.doing, failure, len(call.record.attempts) + 1, seconds)
        call.paused = seconds
        try:
            async with asyncio.timeout_at(call.deadline.when):
                await asyncio.sleep(seconds)
        except TimeoutError:
            raise call.deadline.exceeded(f"while waiting to send {call.doing} again, after: {failure}") from failure

    async def _unary(self, call: Call) -> bytes | bytearray:
        slot = self.slots.take(call) or await self._queue(call)
        try:
            life = self._pool.here() or await self._pool.begin()
            call.begin_attempt()
            with Clock(call, life.loop, life.watch, call.deadline.at) as clock:
                response = await self._answered(call, life.session, clock, slot)
                content = await self._content(response)
        finally:
            slot.free()
            if call.body is not None:
                call.body.close()
        if self.options.debug:
            call.log_body("answer", content)
        return content

    async def _stream(self, call: Call) -> Feed:
        slot = self.slots.take(call) or await self._queue(call)
        try:
            life = self._pool.here() or await self._pool.begin()
            call.begin_attempt()
            with Clock(call, life.loop, life.watch, call.deadline.at) as clock:
                response = await self._answered(call, life.session, clock, slot)
                try:
                    await self._check_is_stream(call, response)
                    feed = Feed(call, response, slot, SSEDecoder(self.options.max_event_bytes), life)
                    self._pool.opened(feed)
                    await feed.start(clock)
                except BaseException:
                    response.close()
                    raise
        except BaseException:
            slot.free()
            raise
        return feed

    async def _queue(self, call: Call) -> Slot:
        began = time.monotonic()
        slot = await self.slots.wait(call, call.deadline, self.options.slot_timeout)
        call.record.queued += time.monotonic() - began
        return slot

    async def _answered(
        self,
        call: Call,
        session: aiohttp.ClientSession,
        clock: Clock,
        slot: Slot,
        *,
        url: URL | None = None,
        redirects: int = 0,
    ) -> aiohttp.ClientResponse:
        """Send the request once and return the answer if it is a good one; follow redirects within the origin."""
        method, body = call.method, call.body
        if self.options.debug and isinstance(body, JSONBody):
            call.log_body("request", body.content)
        part = "write" if body is not None and body.takes_time else call.answer_part
        data = body.open(clock, call.answer_part) if body else None
        sending = Sending(clock, part, self._target)
        token = current_sending.set(sending)
        clock.start("connect")
        try:
            response = await session.request(
                method,
                url or call.url,
                params={} if url else call.params,
                data=data,
                headers=self._headers_for(call),
                allow_redirects=False,
                proxy=self._proxy,
                ssl=self._tls,
                read_bufsize=READ_BUFFERS[call.accept],
                middlewares=None if method == "POST" else (sending.once,),
            )
        except ImagineException:  # some of ours are ValueError or OSError, too
            raise
        except FOREIGN as error:
            raise sending.failed(error) from error
        finally:
            current_sending.reset(token)
            sending.clock = None
        self._note(call.record, response)
        slot.answered(response.status, call.record.quota, call.record.retry_after)
        if response.status < 300:
            return response
        target = _same_origin_target(response, call) if redirects < MAX_REDIRECTS - 1 else None
        if target is None:
            clock.only_deadline()  # a slow body does not hide the status
            raise await self._refused(call, response)
        response.release()
        return await self._answered(call, session, clock, slot, url=target, redirects=redirects + 1)

    def _headers_for(self, call: Call) -> CIMultiDict[str]:
        body = call.body
        if isinstance(body, JSONBody) and not body.takes_time and not call.headers:
            return self._json_headers[call.accept]
        headers = self._headers[call.accept].copy()
        if isinstance(body, UploadBody):
            headers.popall("Content-Type", None)  # the form names its own, with the boundary
        if body:
            headers.update(body.headers)
        headers.update(call.headers)
        return headers

    def _url(self, path: str) -> URL:
        url = self._urls.get(path)
        if url is None:
            url = URL(f"{self.options.endpoint}/{quoted_path(path)}", encoded=True)
            if len(self._urls) < 64:
                self._urls[path] = url
        return url

    def _note(self, record: CallRecord, response: aiohttp.ClientResponse) -> None:
        headers = response.headers
        record.status, record.headers = response.status, headers
        record.quota = told_quota(headers)
        record.retry_after = demanded_wait(headers) if response.status >= 400 else None

    async def _content(self, response: aiohttp.ClientResponse) -> bytes | bytearray:
        """Read a whole body; its size is counted after decompression."""
        content = response.content
        try:
            if content.is_eof():  # it came with its head
                whole = content.read_nowait()
                self._check_size(len(whole), content)
                return whole
            return await self._gathered(content)
        except ImagineException:
            response.close()
            raise
        except FOREIGN as error:
            response.close()
            raise connection_error(error, self._target) from error
        except BaseException:
            response.close()
            raise

    async def _gathered(self, content: aiohttp.StreamReader) -> bytearray:
        """Put the pieces of a body together, each at once: memory that is free again is at hand for the next one."""
        whole = bytearray()
        while piece := await content.readany():
            whole += piece
            self._check_size(len(whole), content)
        return whole

    def _check_size(self, size: int, content: aiohttp.StreamReader) -> None:
        if size > self.options.max_response_bytes:
            most = self.options.max_response_bytes
            raise ImagineDecodeException(f"the answer is longer than max_response_bytes={most}")
        if size > BOMB_BYTES and size > BOMB_RATIO * content.total_raw_bytes:
            raise ImagineDecodeException(f"a decompression bomb: it unfolds to over {BOMB_RATIO} times what came")

    async def _refused(self, call: Call, response: aiohttp.ClientResponse) -> ImagineException:
        """Return the exception for an error answer; a body that is long, slow or broken does not hide the status."""
        if response.status == 407 and self._proxy:
            response.close()
            return ImagineConnectionException(
                "407: the proxy asks for a user and password; put them into proxy='http://user:password@host'", "proxy"
            )
        body = await self._start_of_body(response)
        if self.options.debug:
            call.log_body("answer", body)
        return api_error(response.status, call.record.headers, body, doing=call.doing, redaction=self.redaction)

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
        shown = self.redaction.text(body.decode("utf-8", "replace"))[:200]
        raise ImagineStreamException(f"{call.doing} was answered with {kind}, not a stream of events: {shown!r}")


def _headers(*parts: Mapping[str, str]) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for part in parts:
        headers.update(part)
    return headers


def _undecodable(call: Call, content: bytes | bytearray, error: ImagineDecodeException) -> ImagineDecodeException:
    kind = call.record.headers.get("Content-Type", "no content type")
    what = f"{call.record.status} from {call.doing} ({kind})"
    failure = ImagineDecodeException(f"{what}: {error if content else 'the answer is empty'}")
    failure.__cause__ = error
    call.finish(failure)
    return failure


def _text_of(answer: object) -> str:
    return getattr(answer, "first_content", None) or getattr(answer, "first_text", None) or ""


def quoted_path(path: str) -> str:
    """Quote a route so that it stays below the endpoint; ValueError for one that would leave it."""
    path = path.strip("/")
    if any(segment in ("", ".", "..") for segment in path.split("/")):
        raise ValueError(f"path {path!r} must be a route below the endpoint, such as chat/completions")
    return quote(path, safe="/")


def _same_origin_target(response: aiohttp.ClientResponse, call: Call) -> URL | None:
    """Return where a redirect leads if it may be followed: same origin, same method, a body that can be sent again."""
    keeps_method = response.status in (307, 308) or (response.status in (301, 302, 303) and call.method == "GET")
    location = response.headers.get("Location")
    if not keeps_method or not location or (call.body and not call.body.replayable):
        return None
    try:
        target = response.url.join(URL(location))
        return target if target.origin() == response.url.origin() else None
    except ValueError:  # no URL at all, or one without a host
        return None
