"""The application behind a cassette: passes requests on and notes what comes, or answers from what was noted."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import aiohttp
import msgspec
from aiohttp import web
from multidict import CIMultiDict

from imagine.server.answers import Refusal
from imagine.server.faults import Sent, Wire
from imagine.server.faults.wire import LAST_CHUNK, chunk, head
from imagine.server.paths import BASE_PATH
from imagine.server.recording.bodies import body_of, bytes_of, piece_of, piece_to_bytes
from imagine.server.recording.events import TimedEvents
from imagine.server.recording.exchange import Answer, Asked, Exchange
from imagine.server.recording.pieces import without_secrets

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from imagine.server.recording.masking import Masking
    from imagine.server.recording.matching import Recorded

__all__ = ["Recorder", "Replayer", "proxy"]

_MOST_BYTES = 2**30
_OF_THE_CONNECTION = {
    *("connection", "content-encoding", "content-length", "host", "keep-alive", "proxy-authenticate"),
    *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "accept-encoding"),
}
"""Headers that each side makes itself."""
_WITHOUT_BODY = (204, 304)
_DONE = b"data: [DONE]"


class Answerer(Protocol):
    """What a proxy does with a request."""

    async def answer(self, request: web.Request, asked: Asked, body: bytes) -> web.StreamResponse:
        """Answer it."""
        ...


def proxy(answerer: Answerer, masking: Masking) -> web.Application:
    """Make an application that gives every request to an answerer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        masking.learn(request.headers)
        body = await request.read()
        try:
            return await answerer.answer(request, _asked(request, body, masking), body)
        except Refusal as refusal:
            return refusal.answer()

    app = web.Application(client_max_size=_MOST_BYTES)
    app.router.add_route("*", "/{path:.*}", handle)
    if isinstance(answerer, Recorder):
        app.cleanup_ctx.append(answerer.opened)
    return app


def _asked(request: web.Request, body: bytes, masking: Masking) -> Asked:
    path = request.rel_url.raw_path
    return Asked(
        method=request.method,
        path=masking.path(path.removeprefix(f"{BASE_PATH}/"), request.rel_url.raw_query_string),
        headers=masking.asked_headers(_joined(request.headers)),
        body=body_of(body, request.headers.get("Content-Type", ""), masking.text),
    )


class Recorder:
    """Passes requests on to a service, and notes what comes back as it comes."""

    def __init__(self, upstream: str, upstream_key: str | None, own_key: str, masking: Masking) -> None:
        self._upstream = upstream.rstrip("/")
        self._upstream_key = upstream_key
        self._own_key = own_key
        self._masking = masking
        self._slots: list[Exchange | None] = []

    @property
    def exchanges(self) -> list[Exchange]:
        """What was noted, in the order in which the requests arrived."""
        return [exchange for exchange in self._slots if exchange is not None]

    async def opened(self, _app: web.Application) -> AsyncGenerator[None]:
        """Hold the session in which the service is asked."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(force_close=True),  # one that is used again may be gone
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as self._session:
            yield

    async def answer(self, request: web.Request, asked: Asked, body: bytes) -> web.StreamResponse:
        """Answer with what the service answers, while it does."""
        place = len(self._slots)
        self._slots.append(None)
        started = asyncio.get_running_loop().time()
        try:
            async with self._session.request(
                request.method,
                self._url_of(request),
                headers=self._passed_on(request),
                data=body or None,
                allow_redirects=False,
                skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
            ) as incoming:
                passing = Passing(incoming, started)
                try:
                    return await passing.pass_on(request)
                finally:
                    self._slots[place] = Exchange(request=asked, answer=passing.noted(self._masking))
        except (aiohttp.ClientError, OSError) as error:
            raise Refusal(502, {"message": f"{self._upstream} did not answer: {error}", "status": "error"}) from error

    def _url_of(self, request: web.Request) -> str:
        path = request.rel_url.raw_path_qs
        if path.startswith(f"{BASE_PATH}/"):
            return self._upstream + path.removeprefix(BASE_PATH)
        scheme, _, rest = self._upstream.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}{path}"

    def _passed_on(self, request: web.Request) -> CIMultiDict[str]:
        headers = _without_connection(request.headers)
        headers["Accept-Encoding"] = "identity"  # so that an event is noted when it came
        if headers.get("Authorization") == f"Bearer {self._own_key}":
            del headers["Authorization"]
            if self._upstream_key:
                headers["Authorization"] = f"Bearer {self._upstream_key}"
        return headers


class Passing:
    """An answer of the service on its way to the client."""

    def __init__(self, incoming: aiohttp.ClientResponse, started: float) -> None:
        self._incoming = incoming
        self._started = started
        self._events = TimedEvents()
        self._body = bytearray()
        self._seconds = 0.0
        self._is_stream = incoming.content_type == "text/event-stream"
        self._is_complete = False

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Send each part when it comes; where the service breaks off, so does the connection to the client."""
        wire = Wire(request)
        has_body = request.method != "HEAD" and self._incoming.status not in _WITHOUT_BODY
        wire.write(_head(self._incoming.status, _without_connection(self._incoming.headers), has_body))
        try:
            async for data in self._incoming.content.iter_any():
                self._note(data)
                wire.write(chunk(data))
            self._note(b"")
            self._is_complete = True
            wire.write(LAST_CHUNK if has_body else b"")
        except aiohttp.ClientError:
            wire.close()
        return Sent(keep_alive=wire.keep_alive and request.keep_alive)

    def noted(self, masking: Masking) -> Answer:
        """Return what has come so far."""
        headers = masking.answered_headers(_joined(self._incoming.headers))
        answer = Answer(status=self._incoming.status, headers=headers, cut=not self._is_complete)
        if not self._is_stream:
            answer.seconds = self._seconds
            answer.body = body_of(bytes(self._body), self._incoming.headers.get("Content-Type", ""), masking.text)
            return answer
        pieces = self._events.pieces
        shown = without_secrets([data for _, data in pieces], masking.redacted)
        times = [seconds for seconds, _ in pieces]
        answer.events = [(time, piece_of(data, masking.text)) for time, data in zip(times, shown, strict=True)]
        # A client may leave when it has read the mark, before the body has ended.
        answer.cut = answer.cut and not (pieces and pieces[-1][1].rstrip() == _DONE)
        return answer

    def _note(self, data: bytes) -> None:
        self._seconds = round(asyncio.get_running_loop().time() - self._started, 3)
        if self._is_stream:
            self._events.feed(self._seconds, data)
        else:
            self._body += data


class Replayer:
    """Answers from what was noted."""

    def __init__(self, recorded: Recorded, speed: float, told: str) -> None:
        self._recorded = recorded
        self._speed = speed
        self._told = told
        self.problems: list[str] = []
        """Requests that are not recorded, in words."""

    async def answer(self, request: web.Request, asked: Asked, body: bytes) -> web.StreamResponse:  # noqa: ARG002
        """Answer as the service did, at its pace."""
        exchange = self._recorded.take(asked)
        if exchange is None:
            problem = f"{asked.method} {asked.path} {self._told}: {self._recorded.why_none(asked)}"
            self.problems.append(problem)
            raise Refusal(400, {"message": problem, "status": "error"})
        wire = Wire(request)
        await self._play(exchange.answer, wire, has_body=asked.method != "HEAD")
        return Sent(keep_alive=wire.keep_alive and request.keep_alive)

    async def _play(self, answer: Answer, wire: Wire, has_body: bool) -> None:
        pieces = _pieces(answer)
        has_body = has_body and answer.status not in _WITHOUT_BODY
        started = asyncio.get_running_loop().time()
        await self._wait(started, pieces[0][0] if pieces else answer.seconds)
        wire.write(_head(answer.status, answer.headers, has_body))
        for seconds, data in pieces:
            await self._wait(started, seconds)
            wire.write(chunk(data))
        if answer.cut:
            wire.close()
        else:
            wire.write(LAST_CHUNK if has_body else b"")

    async def _wait(self, started: float, seconds: float) -> None:
        due = seconds / self._speed if self._speed else 0.0
        await asyncio.sleep(max(0.0, started + due - asyncio.get_running_loop().time()))


def _pieces(answer: Answer) -> list[tuple[float, bytes]]:
    if answer.events is not msgspec.UNSET:
        return [(seconds, piece_to_bytes(piece)) for seconds, piece in answer.events]
    body = bytes_of(answer.body)
    return [(answer.seconds, body)] if body else []


def _head(status: int, headers: Mapping[str, str], has_body: bool) -> bytes:
    framing = CIMultiDict({"Transfer-Encoding": "chunked"} if has_body else {})
    return head(status, CIMultiDict([*headers.items(), *framing.items()]))


def _without_connection(headers: Mapping[str, str]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION)


def _joined(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers with one value for each name."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
