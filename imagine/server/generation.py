"""Text: chat, completions and translations, whole or as a stream."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from random import getrandbits
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from imagine.server.answers import bad_value, json_answer, unprocessable
from imagine.server.asked import MOST_CHOICES, ChatAsked, CompletionAsked, texts_of
from imagine.server.events import DONE, Pacing, SSEResponse
from imagine.server.probabilities import chat_logprobs, completion_logprobs
from imagine.server.service import InferenceCall
from imagine.server.store import Spent
from imagine.server.work import Part, TextWork, in_sequence, interleaved, work_of_chat, work_of_text
from imagine.types.completions import CompletionRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence

    from aiohttp import web

    from imagine.server.config import Engines
    from imagine.server.engines import Token
    from imagine.server.work import Work
    from imagine.types.chat_completions import ChatMessage

    Json = dict[str, Any]

__all__ = ["chat", "completions", "translate"]

R = TypeVar("R")
Asked = TypeVar("Asked", ChatAsked, CompletionAsked)


@dataclass(frozen=True)
class Shape:
    """How a route names and builds its answers."""

    prefix: str
    object: str
    opening: Json
    """What the first piece of a stream carries besides its text."""
    choice: Callable[[Work], Json]
    """Builds the choice of a whole answer, without index and finish reason."""
    piece: Callable[[Json], Json]
    """Builds the choice of a chunk, likewise."""
    logprobs: Callable[[Sequence[Token], int, int], Json | None]
    """Builds the probabilities of tokens: so many likely ones in each place, so many characters in."""


CHAT = Shape(
    "chatcmpl",
    "chat.completion",
    {"role": "assistant"},
    lambda work: {"message": {"role": "assistant", **work.message()}},
    lambda delta: {"delta": delta},
    chat_logprobs,
)
TEXT = Shape(
    "cmpl",
    "completion",
    {},
    lambda work: {"text": work.message()["content"]},
    lambda delta: {"delta": delta, "text": delta.get("content", "")},
    completion_logprobs,
)


def _text_alone(delta: Json) -> Json:
    return {"text": delta.get("content", "")}


# Some of OpenAI's clients take a chunk with a `delta` for one of a chat.
OPENAI_TEXT = replace(TEXT, object="text_completion", piece=_text_alone)


class Generation:
    """One answer being generated, and its forms on the wire."""

    def __init__(
        self, call: InferenceCall, shape: Shape, model: str, top: int | None = None, *, is_quick: bool = False
    ) -> None:
        self._call = call
        self._shape = shape
        self._top = top
        self._is_quick = is_quick
        self._id = f"{shape.prefix}-{getrandbits(48):012x}"
        self._created = int(time.time())
        self._model = model
        self._started = time.perf_counter()
        self._parts: list[Part] = []
        self._spent = Spent()
        self._opened: set[int] = set()

    async def reply(
        self, begin: Callable[[], list[Part]], asked: ChatAsked | CompletionAsked | CompletionRequest
    ) -> web.StreamResponse:
        """Answer as a stream or whole, as the request asks."""
        if asked.stream:
            payloads = self._payloads(begin, bool((asked.stream_options or {}).get("include_usage")))
            await anext(payloads)  # begun: a bad value has been refused, and closing it ends its turn
            return SSEResponse(payloads)
        async with self._call.turn():
            try:
                await self._make_all(begin)
            finally:
                answers = await self._conclude()
        return json_answer(answers[0] if len(answers) == 1 else self._answer(self._works, self._spent))

    async def _run(self, function: Callable[[], R]) -> R:
        """Run the engine: in a thread, unless that would take longer than the answer."""
        if not self._is_quick:
            return await self._call.compute(function)
        try:
            return function()
        except ValueError as error:
            raise bad_value(error) from error

    @property
    def _works(self) -> list[Work]:
        return [work for part in self._parts for work in part.works]

    async def _make_all(self, begin: Callable[[], list[Part]]) -> None:
        if not self._call.takes_time:
            await self._run(partial(self._make_at_once, begin))
            return
        self._parts = await self._call.compute(begin)
        async for _ in self._pieces():
            pass

    def _make_at_once(self, begin: Callable[[], list[Part]]) -> None:
        self._parts = begin()
        for part in self._parts:
            for work in part.works:
                work.finish()

    async def _pieces(self) -> AsyncGenerator[tuple[int, Work, Json], None]:
        if not self._call.takes_time:
            for piece in interleaved(self._works):
                yield piece
            return
        pieces = in_sequence(self._works)
        while (made := await self._call.compute(next, pieces, None)) is not None:
            yield made

    async def _payloads(self, begin: Callable[[], list[Part]], include_usage: bool) -> AsyncGenerator[bytes, None]:
        pacing = Pacing(self._call.service.config.tokens_per_second)
        async with self._call.turn():
            try:
                self._parts = await self._run(begin)
                chunks = self._chunks()
                first = await anext(chunks)
                yield b""
                await pacing.wait()
                yield first
                async for chunk in chunks:
                    await pacing.wait()
                    yield chunk
            finally:
                await self._conclude()
        if include_usage:
            yield msgspec.json.encode({**self._chunk(), "usage": self._spent.as_usage()})
        yield DONE

    async def _conclude(self) -> list[msgspec.Raw]:
        """Bill and remember what was generated, however that ended, and return the answer to each prompt.

        Even a client that has left early is billed.
        """
        seconds = time.perf_counter() - self._started
        spends: list[Spent] = []
        answers: list[msgspec.Raw] = []
        for part in self._parts:
            spent = Spent(part.prompt_tokens, part.output_tokens, seconds / len(self._parts))
            spends.append(spent)
            answers.append(msgspec.Raw(msgspec.json.encode(self._answer(part.works, spent))))
            await self._call.conclude(self._model, spent, answers[-1], part.request)
        self._spent = spends[0] if len(spends) == 1 else _sum(spends, seconds)
        return answers

    async def _chunks(self) -> AsyncGenerator[bytes, None]:
        async for index, work, delta in self._pieces():
            yield msgspec.json.encode(self._chunk(self._piece(index, work, delta)))

    def _chunk(self, *choices: Json) -> Json:
        return {**self._head("chat.completion.chunk"), "choices": choices}

    def _piece(self, index: int, work: Work, delta: Json) -> Json:
        opening = {} if index in self._opened else self._shape.opening
        self._opened.add(index)
        made = work.made[-1:] if delta.get("content") else ()
        return self._choice(index, work, self._shape.piece({**opening, **delta}), made)

    def _answer(self, works: Sequence[Work], spent: Spent) -> Json:
        choices = [self._choice(index, work, self._shape.choice(work), work.made) for index, work in enumerate(works)]
        answer = {**self._head(self._shape.object), "choices": choices, "usage": spent.as_usage()}
        return answer if self._shape is CHAT else {**answer, "generation_time": round(spent.seconds, 6)}

    def _choice(self, index: int, work: Work, content: Json, made: Sequence[Token]) -> Json:
        choice = {"index": index, **content, "finish_reason": work.finish_reason}
        if self._top is None:
            return choice
        tokens = [token for token in made if token.text]
        offset = sum(len(token.text) for token in work.made) - sum(len(token.text) for token in tokens)
        return {**choice, "logprobs": self._shape.logprobs(tokens, self._top, offset)}

    def _head(self, kind: str) -> Json:
        return {"id": self._id, "object": kind, "created": self._created, "model": self._model}


def _sum(spends: Sequence[Spent], seconds: float) -> Spent:
    return Spent(sum(spent.input_tokens for spent in spends), sum(spent.output_tokens for spent in spends), seconds)


async def chat(request: web.Request) -> web.StreamResponse:
    """Answer a conversation with messages: texts, or calls of the tools that the request offers."""
    call = InferenceCall(request)
    asked = call.decode(ChatAsked)
    call.require_model("llm", asked.model)
    begin = partial(_chat_parts, call, asked)
    is_quick = call.is_quick(asked, asked.n or 1)
    return await Generation(call, CHAT, asked.model, asked.top, is_quick=is_quick).reply(begin, asked)


def _chat_parts(call: InferenceCall, asked: ChatAsked) -> list[Part]:
    engine = call.engines.text
    tokens = engine.count("\n".join(map(_text, asked.messages)))
    works = call.scripted(asked.n or 1) or [work_of_chat(engine, each) for each in _choices(asked)]
    return [Part(call.document, tokens, works)]


async def completions(request: web.Request) -> web.StreamResponse:
    """Continue a prompt, or several."""
    call = InferenceCall(request)
    asked = call.decode(CompletionAsked)
    call.require_model("llm", asked.model)
    prompts = texts_of(asked.prompt)
    begin = partial(_completion_parts, call, asked, prompts)
    shape = TEXT if call.is_own else OPENAI_TEXT
    is_quick = call.is_quick(asked, len(prompts) * (asked.n or 1))
    return await Generation(call, shape, asked.model, asked.top, is_quick=is_quick).reply(begin, asked)


def _completion_parts(call: InferenceCall, asked: CompletionAsked, prompts: list[str]) -> list[Part]:
    if len(prompts) * (asked.n or 1) > MOST_CHOICES:
        raise unprocessable(["body", "prompt"], f"n times the prompts must be at most {MOST_CHOICES}")
    engine = call.engines.text
    return [
        Part(
            {**call.document, "prompt": prompt},
            engine.count(prompt),
            call.scripted(asked.n or 1) or [TextWork(engine.complete(prompt, each)) for each in _choices(asked)],
        )
        for prompt in prompts
    ]


def _choices(asked: Asked) -> Iterator[Asked]:
    """Yield the request for each of its choices, which differ in their seed."""
    yield asked
    for number in range(1, asked.n or 1):
        yield msgspec.structs.replace(asked, seed=(asked.seed or 0) + number)


async def translate(request: web.Request) -> web.StreamResponse:
    """Translate a prompt."""
    call = InferenceCall(request)
    asked = call.decode(CompletionRequest)
    call.require_model("translate", asked.model)
    begin = partial(_translation_parts, call, asked)
    return await Generation(call, TEXT, asked.model).reply(begin, asked)


def _translation_parts(call: InferenceCall, asked: CompletionRequest) -> list[Part]:
    works = call.scripted() or [_translation(call.engines, asked)]
    return [Part(call.document, call.engines.text.count(asked.prompt), works)]


def _translation(engines: Engines, asked: CompletionRequest) -> Work:
    return work_of_text(engines.translation.translate(asked.prompt, asked.model), asked.max_tokens)


def _text(message: ChatMessage) -> str:
    """Return the text of a message; of a list of parts, the text in it."""
    if isinstance(message.content, list):
        return "\n".join(str(part["text"]) for part in message.content if "text" in part)
    return message.content or ""
