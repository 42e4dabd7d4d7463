"""Secrets: one of any alphabet, in any notation and place of an answer, is in nothing that people read."""

from __future__ import annotations

import html
import json
from functools import reduce
from typing import TYPE_CHECKING

from choices import PIECES, Choices
from multidict import CIMultiDict, CIMultiDictProxy
from notations import LOGINS, NOTATIONS, in_json, in_python

from imagine._answers.errors import api_error, stream_error
from imagine._record import CallRecord
from imagine._redaction.redaction import Redaction
from imagine.exceptions import ImagineDecodeException, ImagineException
from imagine.types.chat_completions import CHAT_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["PIECES", "fuzz"]

ALPHABETS = ["".join(map(chr, range(33, 127))), "\\\"'%&+/=<>u05cx2*.", "é€\U0001f511ß", "aA0"]
END = 8
"""Characters at either end of a secret that are not shown without the rest either."""
OTHERS = Redaction("another-secret")
DOING = "POST chat/completions"
STATUSES = (200, 307, 400, 401, 404, 422, 429, 500, 503)
BODIES: list[Callable[[str], str]] = [
    str,
    lambda text: json.dumps({"message": text, text: [text]}),
    lambda text: json.dumps({"error": {"message": f"wrong key {text}."}}, ensure_ascii=False),
    lambda text: json.dumps({"detail": [{"loc": ["body", text], "msg": text}]}),
    lambda text: json.dumps({"choices": " " * 170 + text + " " * 100}),
    lambda text: f"<h1>{html.escape(text)}</h1><p>{text}</p>",
    lambda text: f'{{"choices": "{text}',
]


def fuzz(data: bytes) -> None:
    """Let the bytes choose the secret, how it is written, and where an answer has it."""
    choices = Choices(data)
    secret = f"Q~{choices.text(choices.one_of(ALPHABETS), 20)}~Q~Q"
    write = _way(choices)
    written = write(secret)
    padding, body = " " * (choices.number(1) * 8 * choices.number(250)), choices.one_of(BODIES)(written)
    record = CallRecord("POST", "chat/completions", Redaction(secret, beside=OTHERS))
    record.status, record.headers = choices.one_of(STATUSES), _headers(choices, written)
    shown = _shown(record, (padding + body).encode("utf-8", "surrogatepass"))
    ends = {secret[:END], secret[-END:]}
    begun = {end for end in map(write, ends) if written.startswith(end) or written.endswith(end)}
    for part in {*ends, *begun, written}:
        assert part not in shown, f"{part!r} of {secret!r}, written {written!r}, is shown"


def _way(choices: Choices) -> Callable[[str], str]:
    """Choose how the secret is written: in one notation inside of another; an excerpt quotes it once more."""
    ways = [choices.one_of([str, *LOGINS]), choices.one_of([str, in_json, in_python]), choices.one_of(NOTATIONS)]
    return lambda text: reduce(lambda written, way: way(written), ways, text)


def _headers(choices: Choices, written: str) -> CIMultiDictProxy[str]:
    """Put the secret into some of an answer's headers, or none."""
    names = ["X-Request-Id", "Location", "X-Echo", "Content-Type", "Retry-After"]
    told = {choices.one_of(names): f"{choices.one_of(['', 'text/html; ', 'https://other/?key='])}{written}"}
    return CIMultiDictProxy(CIMultiDict(told if choices.number(1) else {}))


def _shown(record: CallRecord, body: bytes) -> str:
    """Return all that is shown of an answer: logs, the record, and the errors that it may become."""
    errors = [make(body, record, doing=DOING, redaction=record.redaction) for make in (stream_error, _refusal, _misfit)]
    for error in errors:
        record.redaction.clean(error)
    texts = [repr(record.info()), record.redaction.excerpt(body, 1000)]
    texts += [f"{error} {error!r} {vars(error)}" for error in errors]
    return "\n".join(texts)


def _refusal(body: bytes, record: CallRecord, *, doing: str, redaction: Redaction) -> ImagineException:
    return api_error(record, body, doing=doing, redaction=redaction, url="https://service.invalid/v2/chat")


def _misfit(body: bytes, record: CallRecord, *, doing: str, redaction: Redaction) -> ImagineException:
    try:
        CHAT_RESPONSE.decode(body)
    except ImagineDecodeException as error:
        return error
    return ImagineException(doing)
