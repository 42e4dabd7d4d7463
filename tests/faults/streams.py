"""Streams that break, and streams in frames that are rare but allowed."""

from __future__ import annotations

from faults.client_calls import stream
from faults.outcome import answer, failure
from faults.places import faulty
from faults.row import Row


def row(fault, name, expected, due=None):
    """A row that concerns streams alone."""
    return Row(fault, faulty(name), expected, [stream], due=due)


def broken(fault, name, kind, *says):
    """A row in which three chunks are delivered before an error that carries them."""
    return row(fault, name, failure(kind, *says, kept=3, sends=1))


BROKEN = [
    broken("ends in good order, no [DONE], no finish_reason", "cut-clean", "Stream", "cut"),
    broken("connection closed, no length told", "close-delimited", "Stream", "cut"),
    broken("connection closed between chunks", "cut-stream;reset=no", "Stream", "broke off"),
    broken("TCP reset", "cut-stream", "Stream", "broke off"),
    broken('`{"error": …}` in place of an event', "error-event", "StreamError", "Generation failed"),
    broken("`event: error`", "error-event;named=yes", "StreamError", "Generation failed"),
    broken("an event that is no JSON", "garbage-event", "Stream", "oops"),
    row("an event of another shape", "wrong-shape", failure("Stream", "choices", "unexpected", sends=1)),
    row("another content type", "wrong-content-type", failure("Stream", "text/plain", sends=1)),
]

SPELLINGS = {
    "lines end with CR LF": "sse-crlf",
    "lines end with CR": "sse-cr",
    "`data:` without a space": "sse-no-space",
    "JSON over many `data:` lines": "sse-multi-line",
    "comments between events": "sse-comments",
    "`event: ping` without data": "sse-pings",
    "`id:` and `retry:` without data": "sse-ids",
    "`event: message` and ids": "sse-named",
    "a byte order mark at the start": "sse-bom",
    "one byte at a time": "sse-split",
    "no [DONE], last event without its blank line": "sse-unended",
    "finish_reason but no [DONE]": "no-done",
}

FRAMED = [
    *(row(fault, name, answer(sends=1)) for fault, name in SPELLINGS.items()),
    row("[DONE], then the connection is held open", "hold-after-done", answer(sends=1), due=0.0),
]
