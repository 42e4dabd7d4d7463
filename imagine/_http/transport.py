"""From a request to its answer: slot, attempt, retry."""

from __future__ import annotations

import asyncio
import platform
import time
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from imagine._answers.errors import BODY_BYTES, api_error
from imagine._answers.own import ReportedError
from imagine._answers.sse import SSEDecoder
from imagine._headers import reported_quota, retry_after_of
from imagine._http.bodies import EVENTS, JSON, JSON_HEADERS, Body, JSONBody
from imagine._http.call import Call
from imagine._http.compression import ACCEPTED
from imagine._http.connector import SendTrace
from imagine._http.event_source import EventSource
from imagine._http.keys import KeySource
from imagine._http.reading import read_body, read_start
from imagine._http.uploads import UploadBody
from imagine._log import log
from imagine._options.proxy import proxy_for
from imagine._options.tls import tls_context
from imagine._pacing.clock import Clock
from imagine._pacing.lanes import LaneKey
from imagine._record import CallRecord, member_of, text_in
from imagine._redaction.redaction import Redaction
from imagine._redaction.sources import secrets_of_headers, secrets_of_proxy
from imagine._version import __version__
from imagine.calls import RawResponse
from imagine.exceptions import (
    ImagineConnectionException,
    ImagineDecodeException,
    ImagineException,
    ImagineStreamException,
    ImagineTimeoutException,
)
from imagine.types.answer import remember

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from imagine._http.sessions import Pool
    from imagine._http.sources import Upload
    from imagine._options.call import CallOptions
    from imagine._options.client import Options
    from imagine._pacing.slots import Slot, SlotQueue

__all__ = ["FILE", "Transport", "quoted_path"]

T = TypeVar("T")

MAX_REDIRECTS = 5
FILE = "*/*"
ACCEPTING = {
    JSON: {"Accept": JSON, "Accept-Encoding": ACCEPTED},
    # Uncompressed: a gateway that compresses a stream also collects it.
    EVENTS: {"Accept": EVENTS, "Accept-Encoding": "identity"},
    FILE: {"Accept": FILE, "Accept-Encoding": "identity"},
}
ANSWER_PARTS = {JSON: "read", EVENTS: "first_event", FILE: "read"}
READ_BUFFERS = {JSON: 256 * 1024, EVENTS: 64 * 1024, FILE: 256 * 1024}
"""Bytes read ahead of the reader; few for streams, of which there may be many behind slow consumers."""
USER_AGENT = f"imagine-aio/{__version__} python/{platform.python_version()} aiohttp/{aiohttp.__version__}"


class Transport:
    """Sends calls for one set of options, over the pool and slots that its client shares with those derived from it."""

    def __init__(self, options: Options, pool: Pool, slots: SlotQueue) -> None:
        self.options = options
        self.slots = slots
        self.pool = pool
        self._target = URL(options.endpoint).authority
        self._proxy = proxy_for(options.endpoint, options.proxy)
        self.redaction = Redaction(*secrets_of_headers(options.default_headers))
        for secret in secrets_of_proxy(self._proxy or ""):
            self.redaction.add(secret)
        self._tls = tls_context(options.verify) if options.endpoint.startswith("https:") else True
        own, self._keys = self._authorized()
        self._headers = {accept: _headers(own, ACCEPTING[accept], options.default_headers) for accept in ACCEPTING}
        self._json_headers = {accept: _headers(self._headers[accept], JSON_HEADERS) for accept in ACCEPTING}
        self._urls: dict[str, URL] = {}

    def _authorized(self) -> tuple[dict[str, str], KeySource | None]:
        """Return the headers of every request, and what is asked for the key where it is not among them."""
        key, own = self.options.api_key.value, {"User-Agent": USER_AGENT}
        if isinstance(key, str):
            self.redaction.add(key)
            return {**own, "Authorization": f"Bearer {key}"}, None
        is_given = any(name.lower() == "authorization" for name in self.options.default_headers)
        return own, None if is_given else KeySource(key, self.redaction)

    def call(
        self,
        method: str,
        path: str,
        params: Mapping[str, list[str]],
        body: Body | None,
        overrides: CallOptions,
        lane: LaneKey,
        accept: str = JSON,
        url: URL | None = None,
    ) -> Call:
        """Begin a call with options of its own, of a route or, where there is a URL, of any address of the origin.

        ValueError or TypeError for an option, or for a path, that cannot be used.
        """
        options = self.options
        call = Call(
            method,
            path,
            url or self._urls.get(path) or self._url(path),
            params,
            body,
            accept,
            ANSWER_PARTS[accept],
            options,
            self.slots,
            options.timeout,
            options.max_retries,
            CallRecord(method, path, self.redaction, lane.model),
            lane,
        )
        if overrides:
            call.apply(overrides)
        return call

    async def fetch(self, call: Call, decode: Callable[[bytes | bytearray], T]) -> T:
        """Send a call and decode its whole answer."""
        content = None
        try:  # outside of tenacity, whose entry costs more than all else here
            content = await self._request(call)
        except BaseException as error:
            if call.gives_up_after(error):
                raise
        if content is None:
            content = await self._send_again(call, self._request)
        failure: ImagineException
        try:
            answer = decode(content)
        except ImagineDecodeException as error:
            failure, content = _undecodable(call, content, error), b""
        except ReportedError:
            failure, content = self._reported(call, content), b""
        else:
            if call.slots.quotas is not None:
                call.charge_tokens(member_of(answer, "usage"), _text_of(answer))
            call.finish("complete", answer=answer)
            remember(answer, call.record.info_of, content)
            return answer
        raise failure  # out here, where no context is added to it, and with no answer in this frame

    def _reported(self, call: Call, content: bytes | bytearray) -> ImagineException:
        failure = api_error(call.record, bytes(content), doing=call.doing, redaction=call.redaction)
        call.finish("failed", failure)
        return failure

    async def upload(
        self,
        path: str,
        fields: Sequence[tuple[str, str]],
        upload: Upload,
        overrides: CallOptions,
        decode: Callable[[bytes | bytearray], T],
    ) -> T:
        """Send a form with a file and decode the answer; raises what is wrong with the file before it is sent.

        What `progress=` raises is raised as it is.
        """
        body = UploadBody(fields, upload)
        call = self.call("POST", path, {}, body, overrides, LaneKey(f"POST {path}", dict(fields).get("model")))
        try:
            await self._look(call, body)
            return await self.fetch(call, decode)
        except ImagineException:
            if body.interruption is None:
                raise
        finally:
            body.close()
        raise body.interruption

    async def _look(self, call: Call, body: UploadBody) -> None:
        here = self.pool.here() or await self.pool.begin()
        try:
            with Clock(call, here.watchdog, call.deadline.expires) as clock:
                await body.look(clock)
        except BaseException as error:
            call.record_failure(error)
            raise

    async def fetch_raw(self, call: Call) -> RawResponse:
        """Send a call and return its answer as it came."""
        content = await self.fetch(call, bytes)
        info = call.record.info()
        return RawResponse(info.status or 0, info.headers, content, info)

    async def open(self, call: Call) -> EventSource:
        """Send a call and return its stream, which stands at its first event."""
        try:
            return await self._stream(call)
        except BaseException as error:
            if call.gives_up_after(error):
                raise
        return await self._send_again(call, self._stream)

    async def _send_again(self, call: Call, attempt: Callable[[Call], Awaitable[T]]) -> T:
        """Go on after a first attempt that failed."""
        assert call.plan is not None

        async def again() -> T:
            try:
                return await attempt(call)
            except ImagineException as error:  # it will be told in the log, and as the cause of the next attempt
                call.redaction.clean(error)
                raise

        async def pause(seconds: float) -> None:
            await self._pause(call, seconds)

        try:
            return await call.plan.run(again, pause)
        except BaseException as error:
            call.record_failure(error)
            raise

    async def _pause(self, call: Call, seconds: float) -> None:
        failure = call.plan.failure if call.plan else None
        shown = call.redaction.text(call.doing)
        log.warning("%s failed: %s; attempt %d in %.1f s", shown, failure, len(call.record.attempts) + 1, seconds)
        if call.waits_in_lane:
            return
        call.paused = seconds
        try:
            async with asyncio.timeout(call.deadline.remaining()):
                await asyncio.sleep(seconds)
        except TimeoutError:
            raise _too_late_again(call) from failure

    async def _request(self, call: Call) -> bytes | bytearray:
        slot = call.slots.take(call) or await self._wait_for_slot(call)
        try:
            here = self.pool.here() or await self.pool.begin()
            call.begin_attempt()
            with Clock(call, here.watchdog, call.deadline.expires) as clock:
                response = await self._send_once(call, here.session, clock, slot)
                content = await read_body(response, self.options.max_response_bytes, self._target)
        finally:
            slot.free()
        if self.options.debug:
            call.log_body("answer", content)
        return content

    async def _stream(self, call: Call) -> EventSource:
        slot = call.slots.take(call) or await self._wait_for_slot(call)
        try:
            here = self.pool.here() or await self.pool.begin()
            call.begin_attempt()
            with Clock(call, here.watchdog, call.deadline.expires) as clock:
                response = await self._send_once(call, here.session, clock, slot)
                try:
                    await self._check_is_stream(call, response)
                    source = EventSource(call, response, slot, SSEDecoder(self.options.max_event_bytes), here.watchdog)
                    self.pool.opened(source)
                    await source.start(clock)
                except BaseException:
                    response.close()
                    raise
        except BaseException:
            slot.free()
            raise
        return source

    async def _wait_for_slot(self, call: Call) -> Slot:
        began = time.monotonic()
        try:
            return await self.slots.wait(call, call.deadline, self.options.slot_timeout)
        except ImagineTimeoutException as error:
            if call.plan is None or error.limit != "deadline":
                raise
            raise _too_late_again(call) from call.plan.failure
        finally:
            call.note_wait(time.monotonic() - began)

    async def _send_once(
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
        body = call.body
        if self.options.debug and isinstance(body, JSONBody):
            call.log_body("request", body.content)
        if self._keys is not None and url is None:
            await self._keys.authorize(call, clock)
        part = "write" if body is not None and body.takes_time else call.answer_part
        data = await _begun(call, clock) if part == "write" else (body.open(clock, part) if body else None)
        with SendTrace(clock, part, self._target) as trace:
            sending = session.request(
                call.method,
                url or call.url,
                params={} if url else call.params,
                data=data,
                headers=self._headers_for(call),
                allow_redirects=False,
                proxy=self._proxy,
                ssl=self._tls,
                read_bufsize=READ_BUFFERS[call.accept],
                middlewares=None if call.method == "POST" else (trace.middleware,),
            )
            response = await (sending if call.trace is None else call.trace.sends(sending))
        self._record_head(call.record, response)
        if not 200 <= response.status < 300:
            return await self._after(call, session, clock, slot, response, redirects)
        slot.report(response.status, call.record.quota, call.record.retry_after)
        return response

    async def _after(
        self,
        call: Call,
        session: aiohttp.ClientSession,
        clock: Clock,
        slot: Slot,
        response: aiohttp.ClientResponse,
        redirects: int,
    ) -> aiohttp.ClientResponse:
        """Go on after an answer that is not good: where it leads, or to the exception for it."""
        if target := await self._next_target(call, response, clock, redirects):
            response.release()
            return await self._send_once(call, session, clock, slot, url=target, redirects=redirects + 1)
        slot.report(response.status, call.record.quota, call.record.retry_after)
        clock.only_deadline()  # a slow body does not hide the status
        raise await self._error_answer(call, response)

    async def _next_target(
        self, call: Call, response: aiohttp.ClientResponse, clock: Clock, redirects: int
    ) -> URL | None:
        """Return where a call goes on: where a redirect leads, or to the same place with another key."""
        if response.status == 401 and self._keys is not None and self._keys.may_renew(call):
            response.release()
            await self._keys.renew(call, clock)
            return response.url
        return _same_origin_target(response, call) if redirects < MAX_REDIRECTS - 1 else None

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
        url = URL(f"{self.options.endpoint}/{quoted_path(path)}", encoded=True)
        if len(self._urls) < 64:
            self._urls[path] = url
        return url

    def _record_head(self, record: CallRecord, response: aiohttp.ClientResponse) -> None:
        headers = response.headers
        record.status, record.headers = response.status, headers
        record.quota = reported_quota(headers)
        record.retry_after = retry_after_of(headers) if response.status >= 400 else None

    async def _error_answer(self, call: Call, response: aiohttp.ClientResponse) -> ImagineException:
        """Return the exception for an error answer; a body that is long, slow or broken does not hide the status."""
        if response.status < 200:  # such as 101, after which the connection would be for something else
            response.close()
            return ImagineConnectionException(f"{self._target} answered {response.status}, which ends no request")
        if response.status == 407 and self._proxy:
            response.close()
            return ImagineConnectionException(
                "407: the proxy asks for a user and password; put them into proxy='http://user:password@host'", "proxy"
            )
        body, undecodable = await read_start(response, call.redaction.reach(BODY_BYTES))
        if self.options.debug:
            call.log_body("answer", body)
        url = f"{response.url.origin()}{response.url.raw_path}"  # a query may hold what nobody else is to see
        doing = f"{call.doing}, whose body {undecodable}" if undecodable else call.doing
        return api_error(call.record, body, doing=doing, redaction=call.redaction, url=url)

    async def _check_is_stream(self, call: Call, response: aiohttp.ClientResponse) -> None:
        kind = response.headers.get("Content-Type", "")
        if not kind or kind.partition(";")[0].strip().lower() == EVENTS:
            return
        redaction = call.redaction
        start, _ = await read_start(response, redaction.reach(200))
        shown = redaction.excerpt(start, 200)
        raise ImagineStreamException(f"{call.doing} was answered with {kind}, not a stream of events: {shown!r}")


async def _begun(call: Call, clock: Clock) -> AsyncIterator[bytes] | aiohttp.MultipartWriter | bytes:
    """Open a body that takes time; an upload is read from its start first."""
    body = call.body
    assert body is not None
    if isinstance(body, UploadBody):
        await body.begin(clock)
    return body.open(clock, call.answer_part)


def _headers(*parts: Mapping[str, str]) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for part in parts:
        headers.update(part)
    return headers


def _too_late_again(call: Call) -> ImagineTimeoutException:
    failure = call.plan.failure if call.plan else None
    return call.deadline.exceeded(f"while waiting to send {call.doing} again, after: {failure}")


def _undecodable(call: Call, content: bytes | bytearray, error: ImagineDecodeException) -> ImagineDecodeException:
    kind = call.record.headers.get("Content-Type", "no content type")
    what = f"{call.record.status} from {call.doing} ({kind})"
    failure = ImagineDecodeException(f"{what}: {error if content else 'the answer is empty'}")
    failure.__cause__ = error
    call.finish("failed", failure)
    return failure


def _text_of(answer: object) -> str:
    return text_in(answer, "first_content") or text_in(answer, "first_text") or ""


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
        target = response.url.join(URL(location)).with_user(None)  # our key is the login
        return target if target.origin() == response.url.origin() else None
    except ValueError:  # no URL at all, or one without a host
        return None
