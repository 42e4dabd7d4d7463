"""The aiohttp application: its routes, and what every request passes through on its way to them."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from functools import partial
from random import randbytes  # uuid4 asks the system each time, and other threads run meanwhile
from typing import TYPE_CHECKING

from aiohttp import web

from imagine.server.answers import Refusal, error_answer, rate_limited
from imagine.server.asked import ignored_header
from imagine.server.bodies import Upload, read_form
from imagine.server.events import SSEResponse, has_gone
from imagine.server.faults import Exchange, Playable, Sent, Wire, parse
from imagine.server.quotas import quota_headers
from imagine.server.recorder import record
from imagine.server.routes import IMAGE_ROUTE, ROUTES
from imagine.server.service import SERVICE, STATE, RequestState, Service

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    from aiohttp.typedefs import Handler

    from imagine.server.config import ServerConfig
    from imagine.server.replies import Content

__all__ = ["FAULT_HEADER", "create_app"]

FAULT_HEADER = "X-Imagine-Fault"
"""Names the fault that a request asks for."""

_log = logging.getLogger("imagine.server")


def create_app(config: ServerConfig) -> web.Application:
    """Make the application; run it with aiohttp's runners, best with `handler_cancellation=True`.

    Without that option, a stream is still generated after its client has left.
    """
    app = web.Application(
        client_max_size=config.max_body_bytes,
        middlewares=[_answered, _recorded, _authorised, _faulted, _metered, _scripted],
    )
    app[SERVICE] = Service(config)
    app.add_routes(ROUTES)
    app.cleanup_ctx.append(_opened_store)
    if (upstream := app[SERVICE].upstream) is not None:
        app.cleanup_ctx.append(upstream.opened)
    return app


async def _opened_store(app: web.Application) -> AsyncGenerator[None]:
    try:
        app[SERVICE].store.check()
    except (sqlite3.Error, OSError) as error:
        raise OSError(f"The database {app[SERVICE].config.database!r} cannot be used: {error}") from error
    yield
    await app[SERVICE].close_store()


@web.middleware
async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give every answer an id and every error a JSON body, and send streams."""
    try:
        response = await _outcome(request, handler)
        state = request[STATE]
        response.headers["X-Request-Id"] = state.record.request_id
        if isinstance(response, SSEResponse):
            with state.service.streams.one_more():
                await response.send(request)
    except Exception:
        if has_gone(request):  # nobody is left to answer
            return Sent(keep_alive=False)
        raise
    return response


async def _outcome(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except Refusal as refusal:
        request[STATE].record.refused()
        return refusal.answer()
    except web.HTTPException as error:
        allowed = {name: value for name, value in error.headers.items() if name == "Allow"}
        return error_answer(error.status, {"detail": error.reason}, allowed)
    except web.RequestPayloadError:
        return error_answer(400, {"detail": "The body is not encoded as its headers say"})
    except Exception:
        if has_gone(request):
            raise
        _log.exception("%s %s failed", request.method, request.path)
        return error_answer(500, {"message": "Internal server error", "status": "error"})


# A middleware that does nothing after its handler is a plain function: it passes on what to wait for.
@web.middleware
def _recorded(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Record the request."""
    service = request.app[SERVICE]
    connection = service.connections.of(request)
    recorded = record(request, f"req-{randbytes(16).hex()}", connection)
    service.requests.append(recorded)
    request[STATE] = RequestState(service, connection, recorded)
    return handler(request)


@web.middleware
def _authorised(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Require a key, except for images: a browser or viewer that opens their address has none."""
    if request.match_info.route.name != IMAGE_ROUTE:
        state = request[STATE]
        state.user = state.service.user_of(request.headers.get("Authorization", ""))
    return handler(request)


@web.middleware
async def _faulted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body, and play the fault meant for the request, if there is one."""
    state = request[STATE]
    fault = _fault_for(request, state)
    try:
        if fault is None or fault.reads_body:
            await _receive(request, state)
        return await (handler(request) if fault is None else _played(request, handler, fault))
    finally:
        for upload in state.record.form.values():
            if isinstance(upload, Upload):
                upload.file.close()


@web.middleware
async def _metered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keep inference calls within the quotas, report what is left of them, and which members were ignored."""
    if request.method != "POST" or request.match_info.http_exception is not None:
        return await handler(request)
    state = request[STATE]
    quotas, styles = state.service.quotas, state.service.config.quota_headers
    verdict = quotas.admit(state.user)
    if verdict.wait:
        raise rate_limited(quota_headers(verdict, styles))
    response = await handler(request)
    if told := ignored_header(state.record.ignored) | quota_headers(quotas.left(state.user), styles):
        response.headers.update(told)
    return response


@web.middleware
def _scripted(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Let the reply that a test has scripted for the request, if there is one, stand in for the engines."""
    state = request[STATE]
    content = state.reply = state.service.scripts.take(state.record)
    return handler(request) if content is None else _replied(request, handler, content)


async def _replied(request: web.Request, handler: Handler, content: Content) -> web.StreamResponse:
    await asyncio.sleep(content.reply.delay)
    recorded = request[STATE].record
    if content.reply.fault is None or recorded.fault:  # what the request or the script of faults names is first
        return await handler(request)
    return await _played(request, handler, parse(content.reply.fault))


def _fault_for(request: web.Request, state: RequestState) -> Playable | None:
    if state.connection.doomed:
        return parse("close-before-answer")
    asked_for = request.headers.get(FAULT_HEADER)
    try:
        return parse(asked_for) if asked_for else state.service.faults.take()
    except ValueError as error:
        raise Refusal(400, {"detail": str(error)}) from error


async def _receive(request: web.Request, state: RequestState) -> None:
    """Read the body into the record."""
    if request.content_type.startswith("multipart/"):
        await read_form(request, state.record.form, state.service.config.max_upload_bytes)
    else:
        state.record.body = await request.read()


async def _played(request: web.Request, handler: Handler, fault: Playable) -> web.StreamResponse:
    state = request[STATE]
    recorded = state.record
    recorded.fault = fault.name
    wire = Wire(request)
    exchange = Exchange(
        request=request,
        wire=wire,
        headers={"X-Request-Id": recorded.request_id},
        connection=state.connection,
        streams=state.service.streams,
        answer=partial(handler, request),
    )
    async with exchange:
        await fault.play(exchange)
    return Sent(keep_alive=wire.keep_alive and request.keep_alive)
