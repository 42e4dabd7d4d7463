"""Streams that break, and streams in frames that are rare but allowed."""

from __future__ import annotations

from faults.client_calls import stream
from faults.outcome import answer, failure
from faults.places import faulty
from faults.row import Row


def row(fault, name, expected, due=None, **asked):
    """A row that concerns streams alone."""
    return Row(fault, faulty(name), expected, [stream], due=due, call={"extra_body": asked} if asked else {})


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
    *(
        broken(f"an error as {shape} in place of an event", f"error-event;shape={shape}", "StreamError", "Generation")
        for shape in ("text", "list", "object", "detail")
    ),
    row("an error beside the last choice, then [DONE]", "error-beside", failure("StreamError", "Generation failed")),
    row(
        "an error beside no choices, then [DONE]",
        "error-beside;choices=no",
        failure("StreamError", "Generation failed"),
    ),
    broken("finish_reason `null`, then cut", "null-finish-reason;after=3", "Stream", "cut"),
    broken("[DONE] over an unfinished choice, then cut", "break-after-done;after=3", "Stream", "after [DONE]"),
    row("n=2, cut between the choices", "first-choice", failure("Stream", "cut", sends=1), n=2),
    row("[DONE] and nothing before it", "done-alone", failure("Stream", "before it said anything", sends=1)),
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
    "a byte order mark at each event": "sse-boms",
    "one byte at a time": "sse-split",
    "no [DONE], last event without its blank line": "sse-unended",
    "finish_reason but no [DONE]": "no-done",
    "a whole message in one event": "whole-event",
    "a whole text in one event": "whole-event;name=text",
}

FRAMED = [
    *(row(fault, name, answer(sends=1)) for fault, name in SPELLINGS.items()),
    row("n=2, which the service ignores", "first-choice;done=yes", answer(sends=1), n=2),
    row("finish_reason `null` until the end", "null-finish-reason", answer(finish="length", sends=1)),
    row("[DONE] over a finished choice, then cut", "break-after-done", answer(sends=1)),
    row("[DONE], then the end of the body comes late", "hold-after-done;seconds=0.2", answer(sends=1), due=0.0),
    row("[DONE], then the connection is held open", "hold-after-done", answer(sends=1), due=0.0),
]
