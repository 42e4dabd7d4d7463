"""Error answers and error events become exceptions here, with the service's own words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from imagine._record import request_id_of
from imagine.exceptions import (
    ImagineAPIAuthenticationException,
    ImagineAPIException,
    ImagineAPIRedirectException,
    ImagineStreamErrorException,
    class_of_status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagine._record import CallRecord
    from imagine._redaction.redaction import Redaction

__all__ = ["BODY_BYTES", "api_error", "detail_of", "stream_error"]

BODY_BYTES = 64 * 1024
"""How much of an error's body is kept."""

Json = dict[str, Any] | list[Any] | str | float | bool | None

_DETAIL_NAMES = ("message", "detail", "error", "error_description", "title")
_WRONG_KEY = "(?i)invalid api[ _-]?key|no user found|incorrect api key"


def api_error(
    record: CallRecord, body: bytes, *, doing: str, redaction: Redaction, url: str = ""
) -> ImagineAPIException:
    """Return the exception for an error answer; its message carries the service's own words and the request id.

    Where there is no such route, it shows the URL, too.
    """
    status, headers = record.status or 0, redaction.headers(record.headers)
    detail, kept = _read(body, headers, redaction)
    request_id = request_id_of(headers)
    kind = class_of_status(status)
    if status == 500 and re.search(_WRONG_KEY, detail):
        kind = ImagineAPIAuthenticationException
    if kind is ImagineAPIRedirectException:
        detail = (
            f"it points to {headers.get('Location') or 'nowhere'}, where the SDK does not follow; check the endpoint"
        )
    if status == 404 and url and "://" not in record.path:  # the address of a file is shown as it is, and is no route
        doing, detail = f"{doing} ({url})", "; ".join(filter(None, (detail, _missing_path(url, record.path))))
    if status < 300:
        detail = f"the service reported an error: {detail}"
    message = f"{status} from {doing}" + (f": {detail}" if detail else "")
    return kind(
        redaction.text(message) + (f" (request id {request_id})" if request_id else ""),
        status,
        headers,
        body=kept,
        request_id=request_id,
        retry_after=record.retry_after,
    )


def stream_error(
    payload: bytes, record: CallRecord, *, doing: str, redaction: Redaction
) -> ImagineStreamErrorException:
    """Return the exception for an error event; it has no status, the answer's was a good one."""
    detail, kept = _read(payload, {}, redaction)
    headers = redaction.headers(record.headers)
    error = ImagineStreamErrorException(
        f"the service reported an error in the stream of {doing}: {detail or 'it does not say which'}",
        headers=headers,
        body=kept,
        request_id=request_id_of(headers),
    )
    error.retry_after = None  # the headers are those of a good answer
    return error


def _read(body: bytes, headers: Mapping[str, str], redaction: Redaction) -> tuple[str, Json]:
    """Return the words of an error, and its body; both at most 64 KiB, and not much more than that is masked."""
    import json  # failures alone need it, and it is not free to import

    kept: Json
    try:
        parsed: Json = json.loads(body.decode("utf-8", "replace"))
        kept = _kept(parsed, body, redaction)
    except (ValueError, RecursionError):
        parsed = kept = redaction.excerpt(body, BODY_BYTES)
    detail = redaction.text(detail_of(parsed)[: redaction.reach(BODY_BYTES)]) or _excerpt(kept, headers)
    return detail[:BODY_BYTES], kept


def detail_of(body: Json) -> str:
    """Return the service's message out of an error body in any of its usual shapes; empty when there is none."""
    found = _innermost(body)
    if isinstance(found, list):
        return "; ".join(filter(None, map(_field_detail, found)))
    return found if isinstance(found, str) and found is not body else ""


def _innermost(body: Json) -> Json:
    """Follow the names of details as deep as they go; no recursion: a body may be nested deeper than calls may be."""
    while isinstance(body, dict):
        body = next((body[name] for name in _DETAIL_NAMES if body.get(name)), None)
    return body


def _field_detail(item: Json) -> str:
    """Return one entry of a 422's list as `body.messages: field required`."""
    if not isinstance(item, dict):
        return str(item)
    where = item.get("loc")
    path = ".".join(map(str, cast("list[Json]", where))) if isinstance(where, list) else ""
    text = str(item.get("msg") or _innermost(item) or "")
    return f"{path}: {text}" if path else text


def _kept(parsed: Json, body: bytes, redaction: Redaction) -> Json:
    import json

    if len(body) > BODY_BYTES:
        return redaction.excerpt(body, BODY_BYTES)
    shown = json.dumps(parsed, ensure_ascii=False)  # most have no secret, and a look at each of many texts is long
    return parsed if redaction.text(shown) == shown else _masked(parsed, redaction)


def _masked(value: Json, redaction: Redaction) -> Json:
    """Mask each text for itself, as it is meant: services escape characters in ways of their own."""
    if isinstance(value, dict):
        return {redaction.text(name): _masked(item, redaction) for name, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, redaction) for item in value]
    masked = redaction.text(shown := str(value))  # a number may be a secret, too
    return value if masked == shown else masked


def _missing_path(url: str, route: str) -> str:
    """Return what to look at where the endpoint has no path: the route stands right behind the host then."""
    if urlsplit(url).path.strip("/").count("/") > route.strip("/").count("/"):
        return ""
    return "the endpoint has no path, one such as /apis/v2 or /v1 may be missing"


def _excerpt(body: Json, headers: Mapping[str, str]) -> str:
    """Return the start of an error body that has no message, such as a gateway's HTML page, on one line."""
    import json

    text = body if isinstance(body, str) else json.dumps(body)
    if "html" in headers.get("Content-Type", ""):
        pieces = [" ".join(piece.split()) for piece in re.split(r"<[^<>]*>", text)]
        text = " ".join(dict.fromkeys(pieces))  # once each: the title is most often the heading, too
    return " ".join(text.split())[:200]
