"""Text: chat, completions and translations, whole or as a stream."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec

from imagine.server.answers import json_answer
from imagine.server.events import DONE, Pacing, SSEResponse
from imagine.server.service import InferenceCall
from imagine.server.store import Spent
from imagine.server.work import TextWork, work_of_chat, work_of_text
from imagine.types.chat_completions import ChatCompletionRequest, ChatMessage
from imagine.types.completions import CompletionRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from aiohttp import web

    from imagine.server.work import Work

    Json = dict[str, Any]

__all__ = ["chat", "completions", "translate"]


@dataclass(frozen=True)
class Shape:
    """How a route names and builds its answers."""

    prefix: str
    object: str
    opening: Json
    """What the first piece of a stream carries besides its text."""
    choice: Callable[[Work], Json]
    """Builds the choice of a whole answer, without index and finish reason."""


CHAT = Shape("chatcmpl", "chat.completion", {"role": "assistant"}, lambda work: {"message": _assistant(work)})
TEXT = Shape("cmpl", "completion", {}, lambda work: {"text": work.message()["content"]})


def _assistant(work: Work) -> Json:
    return {"role": "assistant", **work.message()}


class Generation:
    """One answer being generated, and its forms on the wire."""

    def __init__(self, call: InferenceCall, shape: Shape, model: str, prompt_tokens: int, work: Work) -> None:
        self._call = call
        self._shape = shape
        self._work = work
        self._id = f"{shape.prefix}-{uuid4().hex[:12]}"
        self._created = int(time.time())
        self._model = model
        self._prompt_tokens = prompt_tokens
        self._started = time.perf_counter()
        self._spent = Spent()
        self._opening = shape.opening

    async def reply(self, asked: CompletionRequest | ChatCompletionRequest) -> web.StreamResponse:
        """Answer as a stream or whole, as the request asks."""
        if asked.stream:
            return SSEResponse(self._payloads(bool((asked.stream_options or {}).get("include_usage"))))
        async with self._concluded():
            await asyncio.to_thread(self._make_all)
        return json_answer(self._whole())

    def _make_all(self) -> None:
        for _ in self._work.deltas():
            pass

    async def _payloads(self, include_usage: bool) -> AsyncGenerator[bytes, None]:
        pacing = Pacing(self._call.service.config.tokens_per_second)
        async with self._concluded():
            for delta in self._work.deltas():
                await pacing.wait()
                yield msgspec.json.encode(self._chunk(delta))
        if include_usage:
            yield msgspec.json.encode({**self._chunk({}), "choices": [], "usage": self._spent.as_usage()})
        yield DONE

    @asynccontextmanager
    async def _concluded(self) -> AsyncGenerator[None]:
        """Bill and remember what was generated, however that ends: even if the client leaves early."""
        try:
            yield
        finally:
            seconds = round(time.perf_counter() - self._started, 6)
            self._spent = Spent(self._prompt_tokens, self._work.output_tokens, seconds)
            await self._call.conclude(self._model, self._spent, self._whole())

    def _chunk(self, delta: Json) -> Json:
        delta, self._opening = {**self._opening, **delta}, {}
        choice = {"index": 0, "delta": delta, "finish_reason": self._work.finish_reason}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def _whole(self) -> Json:
        choice = {"index": 0, **self._shape.choice(self._work), "finish_reason": self._work.finish_reason}
        answer = {**self._head(self._shape.object), "choices": [choice], "usage": self._spent.as_usage()}
        return answer if self._shape is CHAT else {**answer, "generation_time": self._spent.seconds}

    def _head(self, kind: str) -> Json:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


async def chat(request: web.Request) -> web.StreamResponse:
    """Answer a conversation with a message: a text, or calls of the tools that the request offers."""
    call = InferenceCall(request)
    asked = call.decode(ChatCompletionRequest)
    call.require_model("llm", asked.model)
    work = await call.compute(work_of_chat, call.engines.text, asked)
    tokens = await call.compute(call.engines.text.count, "\n".join(map(_text, asked.messages)))
    return await Generation(call, CHAT, asked.model, tokens, work).reply(asked)


async def completions(request: web.Request) -> web.StreamResponse:
    """Continue a prompt."""
    call = InferenceCall(request)
    asked = call.decode(CompletionRequest)
    call.require_model("llm", asked.model)
    work = TextWork(await call.compute(call.engines.text.complete, asked.prompt, asked))
    tokens = await call.compute(call.engines.text.count, asked.prompt)
    return await Generation(call, TEXT, asked.model, tokens, work).reply(asked)


async def translate(request: web.Request) -> web.StreamResponse:
    """Translate a prompt."""
    call = InferenceCall(request)
    asked = call.decode(CompletionRequest)
    call.require_model("translate", asked.model)
    translation = await call.compute(call.engines.translation.translate, asked.prompt, asked.model)
    work = await call.compute(work_of_text, translation, asked.max_tokens)
    tokens = await call.compute(call.engines.text.count, asked.prompt)
    return await Generation(call, TEXT, asked.model, tokens, work).reply(asked)


def _text(message: ChatMessage) -> str:
    """Return the text of a message; of a list of parts, the text in it."""
    if isinstance(message.content, list):
        return "\n".join(str(part["text"]) for part in message.content if "text" in part)
    return message.content or ""
