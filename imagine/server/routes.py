"""The routes, and the handlers of those that run no inference: ping, health, models, usage and history."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

from imagine.server.answers import Refusal, json_answer, model_not_found, unprocessable
from imagine.server.gateway import offered, or_upstream
from imagine.server.generation import chat, completions, translate
from imagine.server.inference import draw_image, embeddings, images, rerank, reranker, transcribe, transcriptions
from imagine.server.paths import BASE_PATHS, route_of
from imagine.server.service import HISTORY_ROUTES, STATE
from imagine.server.store import UsageFilter

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagine.server.service import Service

__all__ = ["IMAGE_ROUTE", "ROUTES"]

IMAGE_ROUTE = "image"
"""Name of the one route that needs no key."""

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}


async def ping(request: web.Request) -> web.StreamResponse:
    """Report whether the server works, that is, whether its store answers."""
    return json_answer({"message": "pong", "status": await _state_of_store(request)})


async def health(request: web.Request) -> web.StreamResponse:
    """Report the state of the store, of the counters in memory (in place of Redis), and of the fast engines."""
    service = request[STATE].service
    models = await (_state_of_upstream(service) if service.upstream else _state_of_engines(service))
    return json_answer({"postgres": await _state_of_store(request), "redis": "ok", "models": models})


async def models(request: web.Request) -> web.StreamResponse:
    """List the models by type, all of them or those of one type, and once more as OpenAI's API does."""
    known, kind = await offered(request[STATE].service), request.query.get("model_type")
    if kind is not None and kind not in known:
        raise unprocessable(["query", "model_type"], f"no such type; known: {', '.join(known)}")
    typed = {name: list(names) for name, names in known.items() if kind in (None, name)}
    plain = [_described(name) for names in typed.values() for name in names]
    return json_answer({**typed, "object": "list", "data": plain})


async def model(request: web.Request) -> web.StreamResponse:
    """Describe one model."""
    name = request.match_info["id"]
    if not any(name in names for names in (await offered(request[STATE].service)).values()):
        raise model_not_found()
    return json_answer(_described(name))


def _described(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "imagine"}


async def usage(request: web.Request) -> web.StreamResponse:
    """Sum up what the key has used, per model and time bin, and per model overall."""
    service, wanted = request[STATE].service, _usage_filter(request)
    bin_seconds = _seconds(request.query.get("aggregation_duration", "1 day"))
    binned = await service.stored(service.store.usage, wanted, bin_seconds)
    return json_answer({"usage": binned, "overall": await service.stored(service.store.overall_usage, wanted)})


async def history(request: web.Request) -> web.StreamResponse:
    """Return the newest answers of a route and their requests, newest first."""
    max_items = request.query.get("max_items", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,8}", max_items):
        raise unprocessable(["query", "max_items"], "must be a whole number, at least 1")
    service = request[STATE].service
    pairs = await service.stored(service.store.history, request[STATE].user, route_of(request.path), int(max_items))
    return json_answer([[msgspec.Raw(response), msgspec.Raw(asked)] for response, asked in pairs])


async def _state_of_store(request: web.Request) -> str:
    service = request[STATE].service
    return await service.stored(_state, service.store.check)


async def _state_of_engines(service: Service) -> str:
    return await asyncio.to_thread(_state, service.config.check_engines)


async def _state_of_upstream(service: Service) -> str:
    try:
        await offered(service)
    except Refusal as refusal:
        return f"error: {refusal.body['message']}"
    return "ok"


def _state(check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:  # whatever a user's own engine raises is its state
        return f"error: {type(error).__name__}: {error}"
    return "ok"


def _usage_filter(request: web.Request) -> UsageFilter:
    since, until = _time(request, "from"), _time(request, "to")
    bounds = {name: value for name, value in (("since", since), ("until", until)) if value is not None}
    return UsageFilter(user=request[STATE].user, model=request.query.get("model"), **bounds)


def _time(request: web.Request, name: str) -> float | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise unprocessable(["query", name], "must be a time like 2026-11-01 00:00:00") from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def _seconds(duration: str) -> int:
    match = re.fullmatch(r"(\d{0,6})\s*(second|minute|hour|day|week)s?", duration.strip().lower())
    seconds = int(match[1] or 1) * _SECONDS[match[2]] if match else 0
    if not seconds:
        raise unprocessable(["query", "aggregation_duration"], "must be a duration like 1 hour, 1 day or 2 weeks")
    return seconds


def _routes(base: str) -> list[web.RouteDef]:
    return [
        web.get(f"{base}/ping", ping),
        web.get(f"{base}/health", health),
        web.get(f"{base}/models", models),
        web.get(f"{base}/models/{{id:.+}}", model),
        web.get(f"{base}/usage", usage),
        web.post(f"{base}/chat/completions", or_upstream(chat)),
        web.post(f"{base}/completions", or_upstream(completions)),
        web.post(f"{base}/translate", translate),
        web.post(f"{base}/embeddings", or_upstream(embeddings)),
        web.post(f"{base}/reranker", reranker),
        web.post(f"{base}/rerank", rerank),
        web.post(f"{base}/transcribe", transcribe),
        web.post(f"{base}/audio/transcriptions", transcriptions),
        web.post(f"{base}/images/generations", images),
        *(web.get(f"{base}/{route}", history) for route in HISTORY_ROUTES),
    ]


ROUTES = [
    *(route for base in BASE_PATHS for route in _routes(base)),
    web.get("/health", health),  # where vLLM has it, and who measures servers asks first
    web.get(r"/apis/images/{id:img-\w+}-{index:\d{1,4}}.png", draw_image, name=IMAGE_ROUTE),
]
