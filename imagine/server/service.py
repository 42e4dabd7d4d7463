"""What the requests of one server share, and what one request knows about itself."""

from __future__ import annotations

import asyncio
import hmac
import posixpath
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import msgspec
from aiohttp import web

from imagine.server.answers import bad_value, model_not_found, unauthorized
from imagine.server.asked import members_of, unknown_members
from imagine.server.bodies import fitted, parse_json
from imagine.server.engines import QuickTextEngine
from imagine.server.events import OpenStreams
from imagine.server.faults import FaultScript
from imagine.server.paths import BASE_PATH, route_of
from imagine.server.quotas import QuotaBook
from imagine.server.recorder import Connection, Connections, RecordedRequest
from imagine.server.replies import Content, Scripts
from imagine.server.store import Answered, Store
from imagine.server.upstream import Upstream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractAsyncContextManager

    from imagine.server.config import ServerConfig
    from imagine.server.store import Spent
    from imagine.server.work import Work
    from imagine.types.common import LLMSamplingParams

__all__ = ["HISTORY_ROUTES", "SERVICE", "STATE", "InferenceCall", "RequestState", "Service"]

T = TypeVar("T", bound=msgspec.Struct)
P = ParamSpec("P")
R = TypeVar("R")

HISTORY_ROUTES = ("chat/completions", "completions", "embeddings", "reranker", "images/generations")
"""Routes whose answers are remembered."""
_NO_TURN = nullcontext()
_LITTLE = 2048
"""Bytes of a body that a quick engine reads in less than a millisecond."""


class Service:
    """The state of one server."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self._keys = [key.encode() for key in config.keys]
        self.store = Store(config.database, config.history_limit)
        self._store_thread = ThreadPoolExecutor(1, "imagine-store")
        self._unwritten: list[tuple[Answered, asyncio.Future[None]]] = []
        self._lock = threading.Lock()
        text = config.engines.text
        self.is_quick = text.is_quick if isinstance(text, QuickTextEngine) else _never
        self.quotas = QuotaBook(config.parsed_quotas)
        self.faults = FaultScript()
        self.requests: deque[RecordedRequest] = deque(maxlen=config.requests_kept)
        self.scripts = Scripts(self.requests, config.unscripted, config.left_over)
        self.streams = OpenStreams()
        self.connections = Connections()
        self.turn = asyncio.Lock()
        self.upstream = Upstream(config.upstream, config.upstream_key) if config.upstream else None

    async def stored(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Use the store in its own thread, where a database that is locked by others holds up nobody else."""
        job = partial(function, *args, **kwargs)
        # Shielded: what has been generated is recorded although its client has left.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._store_thread, job))

    async def keep(self, answered: Answered) -> None:
        """Store it with whatever else waits for that: a slow database keeps many waiting no longer than one.

        It is stored although its client leaves meanwhile.
        """
        loop = asyncio.get_running_loop()
        written = loop.create_future()
        with self._lock:
            self._unwritten.append((answered, written))
            is_first = len(self._unwritten) == 1
        if is_first:  # together with what else is answered in this turn of the loop
            loop.call_soon(lambda: self._store_thread.submit(self._write_all, loop))
        await written

    def _write_all(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:  # what is added from now on is the first of the next time
            waiting, self._unwritten = self._unwritten, []
        error: Exception | None = None
        try:
            self.store.add([answered for answered, _ in waiting])
        except Exception as failure:
            error = failure
        loop.call_soon_threadsafe(_settle, [written for _, written in waiting], error)

    async def close_store(self) -> None:
        """Close the store once it has done what it was given."""
        await self.stored(self.store.close)
        self._store_thread.shutdown(wait=False)

    def user_of(self, authorization: str) -> str:
        """Return whose key an Authorization header holds; refused if it is nobody's."""
        scheme, _, given = authorization.partition(" ")
        # Every key is compared, in constant time: the time it takes reveals nothing about them.
        told = given.strip().encode(errors="surrogateescape")
        matches = [hmac.compare_digest(told, key) for key in self._keys]
        if scheme.lower() != "bearer" or not any(matches):
            raise unauthorized()
        return f"u-{matches.index(True) + 1}"


def _never(_: LLMSamplingParams) -> bool:
    """Tell that an engine is not quick."""
    return False


def _settle(waiting: Iterable[asyncio.Future[None]], error: Exception | None) -> None:
    for written in waiting:
        if written.done():
            continue
        if error is None:
            written.set_result(None)
        else:
            written.set_exception(error)


async def _to_its_end(job: Callable[[], R]) -> R:
    """Do a job in a thread; a cancellation waits for it, since an engine may do one at a time."""
    running = asyncio.get_running_loop().run_in_executor(None, job)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at: nobody is left to be told
        raise


@dataclass(slots=True)
class RequestState:
    """What is known about a request on its way; the middlewares find it out."""

    service: Service
    connection: Connection
    record: RecordedRequest
    user: str = ""
    """Whose key it has; "" where none is needed."""
    reply: Content | None = None
    """What a test has scripted for it; None where the engines answer."""


SERVICE = web.AppKey("service", Service)
STATE = web.RequestKey("state", RequestState)


class InferenceCall:
    """One request to an inference route: who asks, for what, and what it has cost."""

    def __init__(self, request: web.Request) -> None:
        state = request[STATE]
        self.service = state.service
        self.reply = state.reply
        engines = self.service.config.engines
        self.engines = self.reply.standing_in(engines) if self.reply else engines
        self.user = state.user
        self.record = state.record
        self.route = route_of(request.path)
        self.is_own = request.path.startswith(f"{BASE_PATH}/")
        """Whether it came where our own clients send it, not where OpenAI's do."""
        self.takes_time = self.engines.text.takes_time and self.reply is None and self.route != "translate"
        """Whether its text is made in a thread, piece by piece, when it is its turn."""
        self._request = request
        self._document: dict[str, Any] | None = None

    def cut(self) -> None:
        """Close the connection to the client, so that a stream without its end is seen to be cut."""
        if self._request.transport is not None:
            self._request.transport.close()

    @property
    def images_base(self) -> str:
        """What the addresses of images begin with: nothing for our own clients, which know the rest."""
        return "" if self.is_own else f"{self._request.url.origin()}{posixpath.dirname(BASE_PATH)}"

    @property
    def document(self) -> dict[str, Any]:
        """The body's JSON object."""
        if self._document is None:
            self._document = parse_json(self.record.body)
        return self._document

    def decode(self, into: type[T]) -> T:
        """Convert the body to a class; `stream` is false if the body does not say."""
        document = self.document
        if "stream" in members_of(into):
            document.setdefault("stream", False)
        asked = fitted(document, into)
        self.record.ignored = tuple(dict.fromkeys(unknown_members(document, asked)))
        return asked

    def require_model(self, kind: str, name: str) -> None:
        """Refuse a model that is not offered for this kind of task; what a test has scripted answers for any."""
        if self.reply is None and name not in self.service.config.models.get(kind, ()):
            raise model_not_found()

    def scripted(self, choices: int = 1) -> list[Work]:
        """Return the text that a test has scripted for the request, as so many choices; none where there is none."""
        made = [self.reply.work() for _ in range(choices)] if self.reply else []
        return [work for work in made if work is not None]

    def is_quick(self, asked: LLMSamplingParams, answers: int) -> bool:
        """Tell whether the text engine answers sooner than a thread would start."""
        return answers == 1 and len(self.record.body) <= _LITTLE and self.service.is_quick(asked)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait until the text engine has no other request, where that matters."""
        return self.service.turn if self.takes_time else _NO_TURN

    async def compute(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run an engine in a thread; a value that it does not accept is refused with 422."""
        try:
            return await _to_its_end(partial(function, *args, **kwargs))
        except ValueError as error:
            raise bad_value(error) from error

    async def conclude(self, model: str, spent: Spent, response: object, asked: object = None) -> None:
        """Charge what the call has cost to the quotas, record it, and remember the response.

        What is remembered as the request is its document, unless something else is given as `asked`.
        """
        self.service.quotas.spend_tokens(self.user, spent.total_tokens)
        await self.service.keep(self._answered(model, spent, response, asked))

    def _answered(self, model: str, spent: Spent, response: object, asked: object) -> Answered:
        if self.route not in HISTORY_ROUTES:
            return Answered(self.user, model, spent)
        documents = msgspec.json.encode(response), msgspec.json.encode(asked or self.document)
        return Answered(self.user, model, spent, self.route, *documents)
