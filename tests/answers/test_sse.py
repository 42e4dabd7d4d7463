"""The SSE decoder against a slow reference written from the standard's text, and the same bytes cut anywhere."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imagine._answers.sse import SSEDecoder
from imagine.exceptions import ImagineStreamException

BOM = b"\xef\xbb\xbf"


def decoded(*reads: bytes) -> list[bytes]:
    """Everything a decoder hands out for these reads and the end of the body."""
    decoder = SSEDecoder()
    payloads = [payload for read in reads for payload in decoder.feed(read)]
    if decoder.error is None:
        payloads += decoder.finish()
    return payloads if decoder.error is None else [*payloads, b"error: " + decoder.error]


def lines_of(body: bytes) -> list[bytes]:
    """Cut lines a byte at a time."""
    lines, line, previous = [], b"", b""
    for number in body:
        byte = bytes([number])
        if byte == b"\n" and previous == b"\r":
            pass
        elif byte in (b"\n", b"\r"):
            lines.append(line)
            line = b""
        else:
            line += byte
        previous = byte
    return [*lines, line]


def reference(body: bytes) -> list[bytes]:
    """Read a body by the rules of WHATWG HTML 9.2.6, in two things our way.

    The event at the body's end is kept, and a byte order mark is left out wherever a line begins with one.
    """
    payloads: list[bytes] = []
    data, name = [], b""
    for marked in [*lines_of(body), b""]:
        line = marked
        while line.startswith(BOM):
            line = line.removeprefix(BOM)
        if line == b"":
            payload = b"\n".join(data)
            if name == b"error":
                return [*payloads, b"error: " + payload]
            if payload:
                payloads.append(payload)
            data, name = [], b""
        elif not line.startswith(b":"):
            field, _, value = line.partition(b":")
            value = value[1:] if value.startswith(b" ") else value
            if field == b"data":
                data.append(value)
            elif field == b"event":
                name = value
    return payloads


PIECES = (
    rb"data: |data:|data|event: |event: error|id: 7|retry: 9|: ping|:|x|{}|[DONE]| ".split(b"|"),
    (b"\n", b"\r", b"\r\n", b"\n\n", b"\n\n"),
    ("\u2028".encode(), "\u0085".encode(), "\ufeff".encode()),
)
pieces = st.sampled_from([piece for group in PIECES for piece in group])
bodies = st.lists(pieces, max_size=30).map(b"".join)
cuts = st.lists(st.integers(0, 200), max_size=8)


def cut(body: bytes, at: list[int]) -> list[bytes]:
    """Cut a body at these places."""
    places = sorted({0, *(place for place in at if place < len(body)), len(body)})
    return [body[start:end] for start, end in itertools.pairwise(places)]


@given(bodies, cuts)
@example(b"data: a\r\n\r\ndata: b\r\r", [8, 9])
@example(b"data: a\n\n", [8])
@example(b"\xef\xbb\xbfdata: a\n\n", [1, 2, 3])
@example(b"data: a\n: ping\n\ndata: b\n\n", [9])
def test_any_cut_gives_what_the_reference_reads(body: bytes, at: list[int]) -> None:
    """Wherever the network cuts a body, its events are those that the standard's rules read from the whole."""
    assert decoded(*cut(body, at)) == reference(body)


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_bytes_one_by_one(end: bytes) -> None:
    """A body that comes a byte at a time gives the same events, with each of the three line ends."""
    body = b"data: one" + end + b"data: two" + end * 2 + b": ping" + end + b"data:three" + end * 2
    assert decoded(*(body[i : i + 1] for i in range(len(body)))) == [b"one\ntwo", b"three"]


def test_only_the_three_line_ends_count() -> None:
    """U+2028, U+0085, vertical tab and form feed are text."""
    text = "data: a\u2028b\u0085c\x0bd\x0c\n\n".encode()
    assert decoded(text) == [text[6:-2]]


def test_keepalives_are_counted() -> None:
    """Comments, events without data and events with empty data are keep-alives, not events."""
    decoder = SSEDecoder()
    assert decoder.feed(b": ping\n\nevent: ping\n\nid: 3\n\ndata:\n\n: pong\n") == []
    assert decoder.keepalives == 5


def test_an_error_event_ends_the_stream() -> None:
    """Events before an `event: error` are handed out, its payload is kept, and what follows is not read."""
    decoder = SSEDecoder()
    assert decoder.feed(b'data: a\n\nevent: error\ndata: {"message": "no"}\n\ndata: b\n\n') == [b"a"]
    assert decoder.error == b'{"message": "no"}'


@pytest.mark.parametrize("unfinished", [b"data: 12345678901", b"data: 123\ndata: 4567890", b"\rdata: 12345678901"])
def test_an_event_over_the_cap_is_refused(unfinished: bytes) -> None:
    """An event that grows over the cap raises while it grows, before its end has come."""
    decoder = SSEDecoder(max_event_bytes=10)
    with pytest.raises(ImagineStreamException, match="longer than 10 bytes"):
        for i in range(len(unfinished)):
            decoder.feed(unfinished[i : i + 1])


def test_a_whole_event_over_the_cap_is_refused() -> None:
    """An event over the cap that comes in one read, blank line and all, is refused too."""
    with pytest.raises(ImagineStreamException, match="max_event_bytes"):
        SSEDecoder(max_event_bytes=10).feed(b"data: 12345678901\n\n")


def test_many_small_events_in_one_read_pass_the_cap() -> None:
    """The cap is on one event, not on a read."""
    assert SSEDecoder(max_event_bytes=20).feed(b"data: 1234\n\n" * 10) == [b"1234"] * 10
