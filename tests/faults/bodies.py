"""Bodies that are not what the status promises, or are far more than that."""

from __future__ import annotations

from faults.client_calls import LOOKS, chat, embed, rerank, stream, upload_shrinking
from faults.outcome import Expected, answer, failure
from faults.places import faulty, service
from faults.row import Row
from imagine.server.faults import Raw

NO_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nno gzip!"
LITTLE = {"max_response_bytes": 300}
BOMB = faulty("gzip-bomb;megabytes=300")

HABITS = {
    "all under index 0": "same-index",
    "without an index": "no-index",
    "another id in each piece": "new-ids",
    "id and name in each piece": "repeated",
    'id "" in later pieces': "empty-ids",
    "their names in pieces": "name-in-pieces",
}


def reported(fault, name, asks, *says, **facts):
    """A row in which the service says under status 200 what went wrong."""
    return Row(
        fault, faulty(name), failure("API", *(says or ["Generation failed"]), status=200, sends=1, **facts), asks
    )


REPORTED = [
    *(
        reported(f"an error as {shape}, to a {what}", f"error-200;shape={shape}", asks)
        for shape in ("error", "text", "list", "object", "detail")
        for what, asks in {"chat": [chat], "look": LOOKS}.items()
    ),
    reported("an error beside a choice, to a chat", "error-beside", [chat]),
    reported("an error beside no choices, to a chat", "error-beside;choices=no", [chat]),
]

BROKEN = [
    Row("HTML with status 200, to a chat", faulty("html-200"), failure("Decode", "<html>", sends=1), [chat]),
    Row("HTML with status 200, to a stream", faulty("html-200"), failure("Stream", "text/html", sends=1), [stream]),
    Row("nothing with status 200, to a chat", faulty("empty-200"), failure("Decode", status=200, sends=1), [chat]),
    Row("nothing with status 200, to a stream", faulty("empty-200"), failure("Stream", status=200, sends=1), [stream]),
    Row("204, to a chat", faulty("no-content-204"), failure("Decode", status=204, sends=1), [chat]),
    Row("204, to a stream", faulty("no-content-204"), failure("Stream", status=204, sends=1), [stream]),
    Row("truncated JSON", faulty("truncated-json"), failure("Decode", status=200, sends=1), [chat]),
    Row("JSON of another shape", faulty("wrong-shape"), failure("Decode", "choices", "unexpected", sends=1), [chat]),
    Row("shorter than its Content-Length", faulty("short-body"), failure("Connection", "cut", sends=1), [chat]),
    Row("TCP reset in the middle", faulty("cut-stream"), failure("Connection", "cut", sends=1), [chat]),
    Row("a file that shrinks while it is sent", service, failure("of ours", "became shorter"), [upload_shrinking]),
    Row("a vector null", faulty("vectors;change=null"), failure("Decode", "embedding", "data[2]", sends=1), [embed]),
    Row("a vector missing", faulty("vectors;change=missing"), failure("Decode", "2 vectors for 3 texts"), [embed]),
    Row("said to be gzip, but is not", faulty(Raw([NO_GZIP])), failure("Connection", status=200, sends=1), [chat]),
]

UNUSUAL = [
    Row("gzip nobody asked for, in chunks", faulty("gzip"), answer(sends=1)),
    Row("unknown finish_reason", faulty("unknown-finish-reason"), answer(finish="content_filter")),
    Row("id, object, created, model, usage missing", faulty("missing-fields"), answer()),
    Row("id, object, created, model, usage null", faulty("null-fields"), answer()),
    Row("created a whole number", service, answer(created="int")),
    Row("unknown fields", faulty("extra-fields"), answer()),
    Row("reasoning_content", faulty("reasoning-content"), answer(reasoning="kept")),
    Row("tool calls, their pieces alternating", faulty("tool-calls"), Expected("2 tool calls")),
    *(
        Row(f"tool calls, {fault}", faulty(f"tool-calls;habit={habit}"), Expected("2 tool calls"), [stream])
        for fault, habit in HABITS.items()
    ),
    Row("tool calls, their arguments objects", faulty("tool-calls;habit=objects"), Expected("2 tool calls")),
    Row("vectors in another order", faulty("vectors"), Expected("3 vectors"), [embed]),
    Row("vectors in Base64", faulty("vectors;change=base64"), Expected("3 vectors"), [embed]),
    Row("`results` for `data`, `score` for its name", faulty("reranked"), Expected("3 scores"), [rerank]),
    Row("id a number", faulty("odd-leaf;name=id"), answer()),
    Row("created a date", faulty("odd-leaf;name=created"), answer()),
    Row("usage a list", faulty("odd-leaf;name=usage"), answer()),
    Row("U+0085, U+2028 and U+2029 unescaped", faulty("line-separators"), answer(added="U+0085 U+2028 U+2029")),
    Row("NaN", faulty("nan"), answer()),
    Row("invalid UTF-8", faulty("invalid-utf8"), answer()),
    Row("half a surrogate pair", faulty("lone-surrogate"), answer()),
]

OVERSIZED = [
    Row(
        "300 MB in 0.3 MB of gzip, a chat",
        BOMB,
        failure("Decode", "bomb", memory="under 64 MiB"),
        [chat],
        weighed=True,
    ),
    Row(
        "300 MB in 0.3 MB of gzip, a stream",
        BOMB,
        failure("Stream", "max_event_bytes", memory="under 64 MiB"),
        [stream],
        weighed=True,
    ),
    Row(
        "300 MB of keep-alives in gzip, a stream",
        faulty("gzip-bomb;megabytes=300;lines=yes"),
        failure("Stream", "bomb", memory="under 64 MiB"),
        [stream],
        weighed=True,
    ),
    Row(
        "an error event of 15 MB",
        faulty(f"error-event;named=yes;kilobytes={15 * 1024}"),
        failure("StreamError", "Generation failed", kept=3, told="under 65 KiB"),
        [stream],
    ),
    Row(
        "more than max_response_bytes, a chat", service, failure("Decode", "max_response_bytes"), [chat], options=LITTLE
    ),
    Row(
        "more than max_response_bytes, a stream",
        service,
        failure("Stream", "max_response_bytes"),
        [stream],
        options=LITTLE,
    ),
    Row("an event of 20 MB", faulty("huge-event;megabytes=20"), failure("Stream", "max_event_bytes"), [stream]),
    Row("a thousand headers of 1 kB", faulty("header-flood"), failure("Connection", "head too large", sends=1)),
    Row(
        "a header of 70 kB", faulty("header-flood;count=1;size=70000"), failure("Connection", "head too large", sends=1)
    ),
    Row("a header of 60 kB", faulty("header-flood;count=1;size=60000"), answer(sends=1)),
]
