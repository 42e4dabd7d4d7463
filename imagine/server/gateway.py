"""Passes chat, completions and embeddings on to the upstream, and notes what they cost.

What the upstream says is passed on as it comes; this server adds its keys, quotas, usage, history and faults.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, cast

import aiohttp
import msgspec
from aiohttp import web

from imagine._answers.folding import ChatFold, CompletionFold, NoChunk
from imagine._answers.sse import SSEDecoder
from imagine.exceptions import ImagineDecodeException, ImagineStreamException
from imagine.server.events import DONE, Pacing, SSEResponse
from imagine.server.service import STATE, InferenceCall
from imagine.server.store import Spent
from imagine.types.chat_completions import ChatCompletionStreamResponse
from imagine.types.completions import CompletionStreamResponse
from imagine.types.decoding import Decoding

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence

    from aiohttp.typedefs import Handler

    from imagine.server.engines import TextEngine
    from imagine.server.service import Service
    from imagine.server.upstream import Upstream

    Json = dict[str, Any]

__all__ = ["offered", "or_upstream"]

_PASSED = ("llm", "embedding")
"""Types of models whose requests are passed on."""
_TOLD = ("retry-after", "x-ratelimit", "ratelimit")
"""How the headers begin that a client of the upstream goes by."""
_SAYING = (
    *("messages", "prompt", "input", "choices", "message", "content", "reasoning_content", "text"),
    *("tool_calls", "function", "arguments"),
)
"""Members of a request or an answer that hold what it says."""


def or_upstream(handler: Handler) -> Handler:
    """Let the upstream answer, where there is one and no test has scripted a reply; else the handler."""

    async def answered(request: web.Request) -> web.StreamResponse:
        state = request[STATE]
        upstream = state.service.upstream
        if upstream is None or state.reply is not None:
            return await handler(request)
        call = InferenceCall(request)
        call.document  # noqa: B018 - a body that is no JSON object is refused before anything is sent
        started = time.perf_counter()
        passing = Passing(call, upstream, await upstream.post(call.route, call.record.body), started)
        return await (passing.stream() if passing.is_stream else passing.whole())

    return answered


async def offered(service: Service) -> Mapping[str, Sequence[str]]:
    """List the models by type: those of the upstream, where there is one, in the place of our own."""
    own = service.config.models
    if service.upstream is None:
        return own
    told = {name: kind for kind, names in own.items() for name in names}
    models: dict[str, list[str]] = {kind: [] if kind in _PASSED else [*names] for kind, names in own.items()}
    for kind, names in (await service.upstream.models()).items():
        for name in names:
            if told.get(name, kind) in _PASSED:
                models.setdefault(told.get(name, kind), []).append(name)
    return models


class Passing:
    """One answer of the upstream on its way to the client."""

    def __init__(
        self, call: InferenceCall, upstream: Upstream, incoming: aiohttp.ClientResponse, started: float
    ) -> None:
        self._call = call
        self._upstream = upstream
        self._incoming = incoming
        self._started = started
        self.is_stream = incoming.ok and incoming.content_type == "text/event-stream"

    async def whole(self) -> web.StreamResponse:
        """Answer in one piece: with what the upstream answers, an error with its status and words."""
        content = await self._upstream.content(self._incoming)
        answer = _object(content) if self._incoming.ok else None
        if answer is not None:
            await self._conclude(answer, msgspec.Raw(content))
        return web.Response(body=content, status=self._incoming.status, headers=self._headers())

    async def stream(self) -> web.StreamResponse:
        """Answer with each event as it comes."""
        payloads = self._payloads()
        await anext(payloads)  # begun: from here on, closing it leaves the upstream, too
        response = SSEResponse(payloads)
        response.headers.update(self._headers())
        return response

    async def _payloads(self) -> AsyncGenerator[bytes, None]:
        pacing = Pacing(self._call.service.config.tokens_per_second)
        seen = Seen(self._call.route)
        try:
            yield b""
            async for payload in _events(self._incoming):
                await pacing.wait()
                shown = self._upstream.shown(payload)
                seen.add(shown)
                yield shown
        except (aiohttp.ClientError, OSError, ImagineStreamException) as error:
            self._call.cut()
            raise ConnectionResetError("The upstream broke off") from error
        finally:
            self._incoming.close()
            if seen.answer is not None:
                await self._conclude(seen.answer, seen.answer)

    async def _conclude(self, answer: Json, remembered: object) -> None:
        """Bill and remember what was answered, with the upstream's own count where it has one."""
        document, engine = self._call.document, self._call.engines.text
        model = str(document.get("model") or answer.get("model") or "")
        prompt, made = _usage(answer) or await _counted(engine, document, answer)
        seconds = round(time.perf_counter() - self._started, 6)
        await self._call.conclude(model, Spent(prompt, made, seconds), remembered)

    def _headers(self) -> dict[str, str]:
        told = {name: value for name, value in self._incoming.headers.items() if name.lower().startswith(_TOLD)}
        return {**told, "Content-Type": self._incoming.headers.get("Content-Type", "application/octet-stream")}


class Seen:
    """What has come of a stream, folded into one answer; what fits no chunk is passed over."""

    def __init__(self, route: str) -> None:
        self._is_chat = route.startswith("chat/")
        self._chat, self._text = ChatFold(), CompletionFold()
        self._any = False

    def add(self, payload: bytes) -> None:
        """Take an event."""
        if payload == DONE:
            return
        try:
            if self._is_chat:
                self._chat.add([Decoding(ChatCompletionStreamResponse).decode(payload)], [payload])
            else:
                self._text.add([Decoding(CompletionStreamResponse).decode(payload)], [payload])
        except (ImagineDecodeException, NoChunk):
            return
        self._any = True

    @property
    def answer(self) -> Json | None:
        """The answer as far as it came; None before the first chunk."""
        if not self._any:
            return None
        return cast("Json", msgspec.to_builtins((self._chat if self._is_chat else self._text).snapshot()))


async def _events(incoming: aiohttp.ClientResponse) -> AsyncGenerator[bytes, None]:
    """Yield the payloads of a stream; an event that is named `error`, in whatever form, as an error in JSON."""
    decoder = SSEDecoder()
    async for data in incoming.content.iter_any():
        for payload in decoder.feed(data):
            yield payload
        if decoder.error is not None:
            break
    else:
        for payload in decoder.finish():
            yield payload
    if decoder.error is not None:
        yield _error(decoder.error)


def _error(payload: bytes) -> bytes:
    if "error" in (_object(payload) or {}):
        return payload
    return msgspec.json.encode({"error": {"message": payload.decode(errors="replace")}})


def _object(content: bytes) -> Json | None:
    try:
        return msgspec.json.decode(content, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _usage(answer: Json) -> tuple[int, int] | None:
    match answer.get("usage"):
        case {"prompt_tokens": int(prompt), "completion_tokens": int(completion)}:
            return prompt, completion
        case {"prompt_tokens": int(prompt), "total_tokens": int(total)}:
            return prompt, max(0, total - prompt)
        case _:
            return None


async def _counted(engine: TextEngine, *said: Json) -> list[int]:
    return await asyncio.to_thread(lambda: [engine.count("\n".join(_texts(each))) for each in said])


def _texts(said: object) -> Iterator[str]:
    """Yield the texts in a request or an answer; the number of a token is a word."""
    if isinstance(said, str | int):
        yield str(said)
    elif isinstance(said, list):
        for item in cast("list[object]", said):
            yield from _texts(item)
    elif isinstance(said, dict):
        for name in _SAYING:
            yield from _texts(cast("Json", said).get(name))
