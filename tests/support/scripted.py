"""Answers with a body of one's own, for `server.faults.script`."""

from __future__ import annotations

import json

from imagine.server.faults import Raw
from support.listeners import answer

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def json_answer(value):
    """A good answer with this body."""
    return Raw([answer(json.dumps(value).encode())])


def events(*payloads):
    """A stream of these events."""
    body = b"".join(
        b"data: %s\n\n" % (payload if isinstance(payload, bytes) else json.dumps(payload).encode())
        for payload in payloads
    )
    return Raw([EVENTS + body], then="close")
