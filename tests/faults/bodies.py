"""Bodies that are not what the status promises, or are far more than that."""

from __future__ import annotations

from faults.client_calls import chat, stream
from faults.outcome import Expected, answer, failure
from faults.places import faulty
from faults.row import Row
from imagine.server.faults import Raw

NO_GZIP = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 8\r\n\r\nno gzip!"
BOMB = faulty("gzip-bomb;megabytes=300")

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
    Row("said to be gzip, but is not", faulty(Raw([NO_GZIP])), failure("Connection", status=200, sends=1), [chat]),
]

UNUSUAL = [
    Row("gzip nobody asked for, in chunks", faulty("gzip"), answer(sends=1)),
    Row("unknown finish_reason", faulty("unknown-finish-reason"), answer(finish="content_filter")),
    Row("id, object, created, model, usage missing", faulty("missing-fields"), answer()),
    Row("id, object, created, model, usage null", faulty("null-fields"), answer()),
    Row("unknown fields", faulty("extra-fields"), answer()),
    Row("reasoning_content", faulty("reasoning-content"), answer(reasoning="kept")),
    Row("tool calls, their pieces alternating", faulty("tool-calls"), Expected("2 tool calls")),
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
    Row("an event of 20 MB", faulty("huge-event;megabytes=20"), failure("Stream", "max_event_bytes"), [stream]),
    Row("a thousand headers of 1 kB", faulty("header-flood"), failure("Connection", sends=1)),
]
