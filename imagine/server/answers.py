"""Answers in JSON: the good ones, and the refusals that handlers raise."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

__all__ = [
    "Refusal",
    "json_answer",
    "model_not_found",
    "rate_limited",
    "refusing_bad_values",
    "unauthorized",
    "unprocessable",
]


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """Encode a value as the JSON body of an answer."""
    return web.Response(
        body=msgspec.json.encode(value), status=status, headers=headers, content_type="application/json"
    )


class Refusal(Exception):
    """The request gets an error answer instead of a good one."""

    def __init__(self, status: int, body: object, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = headers

    def answer(self) -> web.Response:
        """Make the answer that this refusal stands for."""
        return json_answer(self.body, self.status, self.headers)


def unauthorized() -> Refusal:
    """No key, or a wrong one."""
    return Refusal(401, {"message": "Unauthorized", "status": "error"})


def model_not_found() -> Refusal:
    """The route serves no model of that name."""
    return Refusal(404, {"detail": "Model not found"})


def unprocessable(location: list[str | int], message: str, kind: str = "value_error") -> Refusal:
    """A field of the request is missing or wrong; the location starts with `body` or `query`."""
    return Refusal(422, {"detail": [{"loc": location, "msg": message, "type": kind}]})


@contextmanager
def refusing_bad_values() -> Generator[None]:
    """Turn an engine's ValueError, whose message is meant for the caller, into a refusal with 422."""
    try:
        yield
    except ValueError as error:
        raise unprocessable(["body"], str(error)) from error


def rate_limited(headers: Mapping[str, str]) -> Refusal:
    """A quota is used up."""
    return Refusal(429, {"message": "Rate limit exceeded", "status": "error"}, headers)
