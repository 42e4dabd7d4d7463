"""Server-sent events: bytes in, payloads out; no I/O.

Follows the parsing rules of the WHATWG HTML standard (section 9.2.6) on bytes, with three deliberate steps away: an
event that the body's end leaves without its blank line is handed out by `finish`, not dropped; an error that a service
writes past the rules, in a field `error` or as a line of bare JSON, is taken for an event named `error`; and a byte
order mark is left out at the start of any line, since some services write each event with one.
"""

from __future__ import annotations

import re

from imagine.exceptions import ImagineStreamException

__all__ = ["SSEDecoder"]

_LF, _CR = b"\n\r"
"""Numbers: `in` asks of bytes first whether they are one, which costs a microsecond where they are not."""
_BOM = b"\xef\xbb\xbf"
_BOMS = re.compile(rb"^(?:\xef\xbb\xbf)+")
_BARE_ERROR = re.compile(rb'\s*\{\s*"error"\s*$')
"""What bare JSON of an error has before its first colon."""
_LINE_END = re.compile(rb"\r\n|\n|\r")


class SSEDecoder:
    """Turns the bytes of a stream, cut anywhere, into the payloads of its events.

    An event named `error`, or a line that is one, ends the stream: it is in `error`, and what follows it is not read.
    """

    def __init__(self, max_event_bytes: int = 16 * 1024 * 1024) -> None:
        self.error: bytes | None = None
        self.keepalives = 0
        """Comments and events without data so far."""
        self._max = max_event_bytes
        self._plain = True  # no CR seen so far: events end at b"\n\n", found without looking at lines
        self._skip_newline = False
        self._tail: list[bytes] = []  # what came since the last line end (after a CR) or the last event's end
        self._tail_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._name = b""
        self._fields = 0  # of the event being read

    def feed(self, data: bytes) -> list[bytes]:
        """Take one read's bytes and return the payloads of the events that it completes."""
        if self._plain and _CR in data:
            self._plain = False
        if not self._plain:
            return self._feed_lines(data)
        if data.endswith(b"\n\n") and not self._tail:  # a read mostly ends where an event does
            return self._events(data)
        return self._feed_plain(data)

    def finish(self) -> list[bytes]:
        """Return the payload of an event that the end of the body left without its blank line."""
        rest = b"".join(self._tail)
        self._tail, self._tail_size = [], 0
        return self._parse([*_LINE_END.split(rest), b""])

    def _feed_plain(self, data: bytes) -> list[bytes]:
        end = data.rfind(b"\n\n") + 2
        if end < 2:
            return self._feed_lines(data)
        head = b"".join((*self._tail, data[:end])) if self._tail else data[:end]
        self._tail, self._tail_size = [], 0
        payloads = self._events(head)
        self._feed_lines(data[end:])
        return payloads

    def _events(self, head: bytes) -> list[bytes]:
        """Cut whole events apart; the usual shape, one `data: ` line an event, costs one split."""
        if head.startswith(b"data: ") and not self._fields and self.error is None:
            payloads = head[6:-2].split(b"\n\ndata: ")
            if _LF not in b"".join(payloads) and all(payloads) and len(head) <= self._max:
                return payloads
        return self._parse(head.split(b"\n")[:-1])

    def _feed_lines(self, data: bytes) -> list[bytes]:
        if self._skip_newline and data:
            data = data.removeprefix(b"\n")
            self._skip_newline = False
        if _LF not in data and _CR not in data:
            self._keep(data)
            return []
        self._skip_newline = data.endswith(b"\r")
        lines = _LINE_END.split(b"".join((*self._tail, data)))
        self._tail, self._tail_size = [], 0
        self._keep(lines.pop())
        return self._parse(lines)

    def _keep(self, data: bytes) -> None:
        if data:
            self._tail.append(data)
            self._tail_size += len(data)
            self._check(self._tail_size + self._data_size)

    def _check(self, size: int) -> None:
        if size > self._max:
            raise ImagineStreamException(
                f"an event of the stream is longer than {self._max} bytes; max_event_bytes= sets the limit"
            )

    def _parse(self, lines: list[bytes]) -> list[bytes]:
        payloads: list[bytes] = []
        for line in lines:
            if self.error is not None:
                break
            if line.startswith(_BOM):
                line = _BOMS.sub(b"", line)
            if line:
                self._field(line)
            else:
                self._dispatch(payloads)
        return payloads

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if not name:
            self.keepalives += 1
            return
        self._fields += 1
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
            self._data_size += len(value) + 1
            self._check(self._data_size)
        elif name == b"event":
            self._name = value
        elif name == b"error" or _BARE_ERROR.match(name):
            self.error = value if name == b"error" else line

    def _dispatch(self, payloads: list[bytes]) -> None:
        payload = b"\n".join(self._data)
        if self._name == b"error":
            self.error = payload
        elif payload:
            payloads.append(payload)
        elif self._fields:
            self.keepalives += 1
        self._data, self._data_size, self._name, self._fields = [], 0, b"", 0
