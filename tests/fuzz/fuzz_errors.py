"""Error answers and error events: any body, status and headers make one of our exceptions, and none shows the key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fuzz_headers import headers_of
from multidict import CIMultiDictProxy

from imagine._answers.errors import api_error, stream_error
from imagine._answers.own import error_member, replaces_answer
from imagine._headers import retry_after_of
from imagine._record import CallRecord
from imagine._redaction.redaction import Redaction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine.exceptions import ImagineAPIException

SECRET = 'k"e\\y'
REDACTION = Redaction(SECRET)
PIECES = rb'{|}|[|]|"message": |"detail": |"error": |"choices": []|"loc": [|"msg": |null|NaN|,|<p>'.split(b"|")
PIECES += b"500|429|503|301|Invalid API key|x-request-id: |Location: |Content-Type: text/html|\n|\n\n|\xff".split(b"|")
PIECES += [b'k"e\\y', rb"k\"e\\y", rb"k\u0022e\u005cy", rb"k\\\"e\\\\y"]
DOING = "POST chat/completions"


def fuzz(data: bytes) -> None:
    """Read the bytes as an answer: its status, its headers, an empty line, its body."""
    head, _, body = data.partition(b"\n\n")
    status, _, lines = head.partition(b"\n")
    headers = CIMultiDictProxy(headers_of(lines))
    record = CallRecord("POST", "chat/completions")
    record.status, record.headers, record.retry_after = _status(status), headers, retry_after_of(headers)
    assert isinstance(error_member(body), bool)
    assert isinstance(replaces_answer(body), bool)
    _check(api_error(record, body, doing=DOING, redaction=REDACTION), len(data))
    _check(stream_error(body, record, doing=DOING, redaction=REDACTION), len(data))


def _status(text: bytes) -> int:
    return 300 + int(text) % 300 if text.isdigit() and len(text) < 10 else 500


def _check(error: ImagineAPIException, size: int) -> None:
    """The key is in neither message nor body, in no spelling; the message is not much longer than what came."""
    REDACTION.clean(error)
    for spelling in (SECRET, json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1]):
        assert spelling not in str(error)
    assert not any(SECRET in text for text in _texts(error.body))
    assert len(str(error)) <= 8 * size + 500


def _texts(body: object) -> Iterator[str]:
    """Find all texts in a body, without recursion: it may be nested as deep as JSON can be read."""
    values = [body]
    while values:
        value = values.pop()
        if isinstance(value, dict):
            values += [*value, *value.values()]
        elif isinstance(value, list):
            values += value
        elif isinstance(value, str):
            yield value
