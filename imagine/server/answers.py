"""Answers in JSON: the good ones, and the refusals that handlers raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = dict[str, Any]

__all__ = [
    "Refusal",
    "bad_value",
    "error_answer",
    "json_answer",
    "model_not_found",
    "rate_limited",
    "unauthorized",
    "unprocessable",
]

_KINDS = {401: "authentication_error", 429: "rate_limit_error"}
_CODES = {401: "invalid_api_key", 429: "rate_limit_exceeded"}


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Encode a value as the JSON body of an answer."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, headers=headers, content_type="application/json"
    )


def error_answer(status: int, body: Json, headers: Mapping[str, str] | None = None, code: str = "") -> web.Response:
    """Make an error answer: the service's own words, and beside them the `error` member that OpenAI's clients read."""
    param, message = _told(body.get("detail") or body.get("message"))
    kind = _KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    error = {"message": message, "type": kind, "param": param, "code": code or _CODES.get(status)}
    return json_answer({**body, "error": error}, status, headers)


def _told(words: object) -> tuple[str | None, str]:
    """Return which parameter an error speaks of, and what it says."""
    if not isinstance(words, list):
        return None, str(words)
    [detail] = cast("list[Json]", words)
    param = ".".join(map(str, detail["loc"][1:])) or None
    message = str(detail["msg"])
    return param, f"{param}: {message}" if param else message


class Refusal(Exception):
    """The request gets an error answer instead of a good one."""

    def __init__(self, status: int, body: Json, headers: Mapping[str, str] | None = None, code: str = "") -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers
        self.code = code

    def answer(self) -> web.Response:
        """Make the answer that this refusal stands for."""
        return error_answer(self.status, self.body, self.headers, self.code)


def unauthorized() -> Refusal:
    """No key, or a wrong one."""
    return Refusal(401, {"message": "Unauthorized", "status": "error"})


def model_not_found() -> Refusal:
    """The route serves no model of that name."""
    return Refusal(404, {"detail": "Model not found"}, code="model_not_found")


def unprocessable(location: list[str | int], message: str, kind: str = "value_error") -> Refusal:
    """A field of the request is missing or wrong; the location starts with `body` or `query`."""
    return Refusal(422, {"detail": [{"loc": location, "msg": message, "type": kind}]})


def bad_value(error: ValueError) -> Refusal:
    """An engine does not accept a value; its message is meant for the caller."""
    return unprocessable(["body"], str(error))


def rate_limited(headers: Mapping[str, str]) -> Refusal:
    """A quota is used up."""
    return Refusal(429, {"message": "Rate limit exceeded", "status": "error"}, headers)
