"""One request and its answer, as the file has them."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

__all__ = ["Answer", "Asked", "Body", "Event", "Exchange"]

Event = tuple[float, Any]
"""Seconds since the request arrived, and what came then: text, or `{"base64": …}` where it is none."""


class Body(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A body in the first of these forms that has room for all of it."""

    json: Any = UNSET
    form: list[dict[str, Any]] | UnsetType = UNSET
    """Parts of a multipart body; of a file its size and its digest."""
    text: str | UnsetType = UNSET
    base64: str | UnsetType = UNSET


class Asked(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A request."""

    method: str
    path: str
    """Below the endpoint, with its query; with a slash in front where it is not below it."""
    headers: dict[str, str] = {}
    body: Body | None = None


class Answer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What came back."""

    status: int
    headers: dict[str, str] = {}
    seconds: float = 0.0
    """How long it took until all was there."""
    body: Body | None = None
    events: list[Event] | UnsetType = UNSET
    """A stream, instead of a body."""
    cut: bool = False
    """Whether it broke off: the service, or the client, left before the end."""


class Exchange(msgspec.Struct, kw_only=True):
    """A request and its answer."""

    request: Asked
    answer: Answer
