"""Embeddings, reranking, transcription and images."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import time
from datetime import UTC, datetime
from math import hypot
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from aiohttp import web

from imagine.server.answers import Refusal, json_answer, unprocessable
from imagine.server.asked import MOST_CHOICES, EmbeddingAsked, RerankAsked, texts_of
from imagine.server.bodies import Upload
from imagine.server.events import DONE, SSEResponse
from imagine.server.service import STATE, InferenceCall
from imagine.server.store import Spent
from imagine.types.images import ImageRequest
from imagine.types.reranker import ReRankerRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from imagine.server.engines import EmbeddingEngine, TextEngine

    Json = dict[str, Any]

__all__ = ["draw_image", "embeddings", "images", "rerank", "reranker", "transcribe", "transcriptions"]


async def embeddings(request: web.Request) -> web.StreamResponse:
    """Turn texts into vectors."""
    call, started = InferenceCall(request), time.perf_counter()
    asked = call.decode(EmbeddingAsked)
    call.require_model("embedding", asked.model)
    texts = texts_of(asked.input)
    vectors = await call.compute(_embedded, call.engines.embedding, texts, asked.dimensions)
    tokens = await call.compute(_count, call.engines.text, texts)
    spent = Spent(tokens, 0, time.perf_counter() - started)
    answer: Json = {
        "id": asked.id or _new_id("emb"),
        "object": "list",
        "data": [{"object": "embedding", "embedding": vector, "index": i} for i, vector in enumerate(vectors)],
        "model": asked.model,
        "usage": spent.as_usage(),
    }
    remembered = {**call.document, "input": asked.input if isinstance(asked.input, str) else texts}
    if not asked.in_base64:
        return await _concluded(call, asked.model, spent, answer, remembered)
    await call.conclude(asked.model, spent, answer, remembered)  # in numbers, which all clients can read
    packed = [{**each, "embedding": _packed(each["embedding"])} for each in answer["data"]]
    return json_answer({**answer, "data": packed})


async def reranker(request: web.Request) -> web.StreamResponse:
    """Order documents by their relevance to a query; without `top_n`, return only the best one."""
    call, started = InferenceCall(request), time.perf_counter()
    asked = call.decode(ReRankerRequest)
    call.require_model("reranker", asked.model)
    scores = await call.compute(call.engines.rerank.scores, asked.query, asked.documents)
    best = sorted(enumerate(scores), key=lambda entry: -entry[1])[: 1 if asked.top_n is None else max(0, asked.top_n)]
    tokens = await call.compute(_count, call.engines.text, [asked.query, *asked.documents])
    spent = Spent(tokens, 0, time.perf_counter() - started)
    answer = {
        "id": _new_id("rr"),
        "object": "list",
        "model": asked.model,
        "failure": None,
        "data": [_ranked(asked, index, score) for index, score in best],
        "usage": spent.as_usage(),
    }
    return await _concluded(call, asked.model, spent, answer)


def _ranked(asked: ReRankerRequest, index: int, score: float) -> Json:
    ranked = {"index": index, "relevance_score": score}
    return {**ranked, "document": asked.documents[index]} if asked.return_documents else ranked


async def rerank(request: web.Request) -> web.StreamResponse:
    """Do the same in the shape of Jina and Cohere: all documents, with their texts, where the request does not say."""
    call, started = InferenceCall(request), time.perf_counter()
    asked = call.decode(RerankAsked)
    call.require_model("reranker", asked.model)
    texts = [document if isinstance(document, str) else document.text for document in asked.documents]
    scores = await call.compute(call.engines.rerank.scores, asked.query, texts)
    tokens = await call.compute(_count, call.engines.text, [asked.query, *texts])
    spent = Spent(tokens, 0, time.perf_counter() - started)
    best = sorted(enumerate(scores), key=lambda entry: -entry[1])[: asked.top_n]
    shown = {} if asked.return_documents is False else dict(enumerate(texts))
    answer = {
        "id": _new_id("rr"),
        "object": "list",
        "model": asked.model,
        "results": [_result(index, score, shown) for index, score in best],
        "usage": spent.as_usage(),
        "meta": {"tokens": {"input_tokens": tokens, "output_tokens": 0}},
    }
    return await _concluded(call, asked.model, spent, answer)


def _result(index: int, score: float, shown: Mapping[int, str]) -> Json:
    result = {"index": index, "relevance_score": score}
    return {**result, "document": {"text": shown[index]}} if index in shown else result


async def transcribe(request: web.Request) -> web.StreamResponse:
    """Turn an uploaded recording into text."""
    return json_answer(await _transcription(request, "model", "file"))


async def transcriptions(request: web.Request) -> web.StreamResponse:
    """Do the same where OpenAI's clients ask for it, as JSON or as the text alone."""
    wanted = request[STATE].record.form.get("response_format", "json")
    if wanted not in ("json", "verbose_json", "text"):
        raise unprocessable(["body", "response_format"], "must be json, verbose_json or text")
    answer = await _transcription(request, "model", "file", "response_format")
    if wanted == "text":
        return web.Response(text=answer["text"])
    # What the engines do not tell: clients want a number and a word in its place.
    unknown = {"task": "transcribe", "duration": 0.0, "language": "unknown"} if wanted == "verbose_json" else {}
    return json_answer({**answer, **unknown})


async def _transcription(request: web.Request, *known: str) -> Json:
    call, started = InferenceCall(request), time.perf_counter()
    call.record.ignored = tuple(name for name in call.record.form if name not in known)
    model, upload = call.record.form.get("model"), call.record.form.get("file")
    if not isinstance(model, str):
        raise unprocessable(["body", "model"], "field required", "value_error.missing")
    if not isinstance(upload, Upload):
        raise unprocessable(["body", "file"], "field required", "value_error.missing")
    call.require_model("transcribe", model)
    text = await call.compute(call.engines.transcription.transcribe, upload.file, upload.filename)
    seconds = round(time.perf_counter() - started, 6)
    await call.conclude(model, Spent(0, call.engines.text.count(text), seconds), text)
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return {"id": _new_id("tr"), "text": text, "generation_time": seconds, "ts": now}


async def images(request: web.Request) -> web.StreamResponse:
    """Draw images, all in one answer or one per event of a stream."""
    call = InferenceCall(request)
    asked = call.decode(ImageRequest)
    call.require_model("text_to_image", asked.model)
    if asked.response_format not in ("b64_json", "url"):
        raise unprocessable(["body", "response_format"], "must be b64_json or url")
    if not 1 <= asked.n <= MOST_CHOICES:
        raise unprocessable(["body", "n"], f"must be at least 1 and at most {MOST_CHOICES}")
    drawing = Drawing(call, asked)
    first = await drawing.image(0)  # before a stream begins, so that a bad value can still be refused
    return SSEResponse(drawing.payloads(first)) if asked.stream else json_answer(await drawing.whole(first))


class Drawing:
    """The images of one request; equal images have the same id, however they are sent."""

    def __init__(self, call: InferenceCall, asked: ImageRequest) -> None:
        self._call = call
        self._asked = asked
        self._request = msgspec.json.encode(msgspec.structs.replace(asked, stream=False, response_format="url"))
        self._started = time.perf_counter()
        self._head: Json = {
            "id": f"img-{hashlib.sha256(self._request).hexdigest()[:24]}",
            "object": "text_to_image",
            "created": int(time.time()),
            "model": asked.model,
        }

    async def image(self, index: int) -> Json:
        """Draw one image, and return it in the format asked for."""
        png = await self._call.compute(self._call.engines.image.draw, self._asked, index)
        if self._asked.response_format == "url":
            service = self._call.service
            await service.stored(service.store.keep_image_request, self._head["id"], self._request)
            return {"url": f"{self._call.images_base}/images/{self._head['id']}-{index}.png"}
        return {"b64_json": base64.b64encode(png).decode()}

    async def whole(self, first: Json) -> Json:
        """Draw the other images, and put all of them into one answer."""
        return await self._concluded([first, *[await self.image(index) for index in range(1, self._asked.n)]])

    async def payloads(self, first: Json) -> AsyncGenerator[bytes, None]:
        """Yield an event per image, then the end mark."""
        drawn = [first]
        yield msgspec.json.encode({**self._head, "data": drawn})
        for index in range(1, self._asked.n):
            drawn.append(await self.image(index))
            yield msgspec.json.encode({**self._head, "data": drawn[-1:]})
        await self._concluded(drawn)
        yield DONE

    async def _concluded(self, drawn: list[Json]) -> Json:
        answer = {**self._head, "data": drawn}
        await self._call.conclude(self._asked.model, Spent(seconds=time.perf_counter() - self._started), answer)
        return answer


async def draw_image(request: web.Request) -> web.StreamResponse:
    """Draw an image again, from the request that its address stands for."""
    service, index = request[STATE].service, int(request.match_info["index"])
    kept = await service.stored(service.store.image_request, request.match_info["id"])
    asked = msgspec.json.decode(kept, type=ImageRequest) if kept else None
    if asked is None or index >= asked.n:
        raise Refusal(404, {"detail": "Image not found"})
    png = await asyncio.to_thread(service.config.engines.image.draw, asked, index)
    return web.Response(body=png, content_type="image/png")


def _embedded(engine: EmbeddingEngine, texts: list[str], dimensions: int | None) -> list[list[float]]:
    if dimensions is None:
        return [engine.embed(text) for text in texts]
    if dimensions > engine.dimensions:
        raise ValueError(f"dimensions must be at most {engine.dimensions}, not {dimensions}.")
    return [_shortened(engine.embed(text)[:dimensions]) for text in texts]


def _shortened(vector: list[float]) -> list[float]:
    """Give what is left of a vector unit length again."""
    length = hypot(*vector) or 1.0
    return [value / length for value in vector]


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def _concluded(
    call: InferenceCall, model: str, spent: Spent, answer: Json, asked: Json | None = None
) -> web.StreamResponse:
    encoded = msgspec.Raw(msgspec.json.encode(answer))  # only once: many vectors take a while
    await call.conclude(model, spent, encoded, asked)
    return json_answer(encoded)


def _count(engine: TextEngine, texts: Iterable[str]) -> int:
    return sum(engine.count(text) for text in texts)


def _new_id(prefix: str) -> str:
    return f"{prefix}-{uuid4().hex[:12]}"
