"""Request bodies: JSON, and multipart uploads that are read as they are sent; each can be opened anew for a retry."""

from __future__ import annotations

import asyncio
import io
import mimetypes
import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import aiohttp
import msgspec

from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from imagine._pacing.clock import Clock

__all__ = ["JSON_HEADERS", "SMALL", "Body", "JSONBody", "UploadBody"]

SMALL = 64 * 1024
"""Up to this a body goes out in one write, which the socket takes at once; longer ones go in pieces of it."""
JSON_HEADERS: Mapping[str, str] = MappingProxyType({"Content-Type": "application/json"})
CHUNK = 1024 * 1024
"""Read from a file at once, by a thread."""


class Body(Protocol):
    """What a request carries."""

    @property
    def replayable(self) -> bool:
        """Whether the same bytes can be sent again."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that describe it."""
        ...

    @property
    def estimated_tokens(self) -> int:
        """What it may cost, at four characters a token."""
        ...

    @property
    def takes_time(self) -> bool:
        """Whether the clock has to run while it is sent."""
        ...

    def close(self) -> None:
        """Let go of what an attempt has opened."""
        ...

    def open(self, clock: Clock, answer_part: str) -> bytes | AsyncIterator[bytes] | aiohttp.MultipartWriter:
        """Return it from its start for one attempt; the clock runs `write` while it is taken, then `answer_part`."""
        ...


class JSONBody(msgspec.Struct):
    """Encoded once, sent by every attempt."""

    content: bytes
    takes_time: bool
    """Whether it goes in pieces: where it is longer than SMALL."""

    def __repr__(self) -> str:
        return f"JSONBody({len(self.content)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more to those who ask as `rich` does."""
        return [("bytes", len(self.content))]

    @property
    def replayable(self) -> bool:
        """Whether it can be sent again: always."""
        return True

    @property
    def headers(self) -> Mapping[str, str]:
        """Its kind; its length where it goes in pieces, which do not tell it."""
        if not self.takes_time:
            return JSON_HEADERS
        return {**JSON_HEADERS, "Content-Length": str(len(self.content))}

    @property
    def estimated_tokens(self) -> int:
        """What it may cost, at four characters a token."""
        return len(self.content) // 4

    def open(self, clock: Clock, answer_part: str) -> bytes | AsyncIterator[bytes]:
        """Return the bytes, in pieces where they are many so that a stalled service is noticed."""
        return self._pieces(clock, answer_part) if self.takes_time else self.content

    def close(self) -> None:
        """Do nothing: bytes hold nothing open."""

    async def _pieces(self, clock: Clock, answer_part: str) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self.content), SMALL):
            clock.start("write")
            yield self.content[start : start + SMALL]
        clock.start(answer_part)


class UploadBody:
    """A multipart form of text fields and one file, which is never held in memory.

    A path is opened anew by every attempt; a file object is read from where it stood, and rewound for a retry if it
    can be. It is not closed: it is the user's.
    """

    estimated_tokens = 0
    takes_time = True

    def __init__(self, fields: dict[str, str], file: str | os.PathLike[str] | BinaryIO) -> None:
        self.headers: Mapping[str, str] = {}
        self._fields = fields
        self._file = file
        self._start = None if isinstance(file, str | os.PathLike) else _position(file)
        self._opened: BinaryIO | None = None
        self._filename = os.path.basename(_name(file)) or "audio"
        self._content_type = mimetypes.guess_type(self._filename)[0] or "application/octet-stream"

    @property
    def replayable(self) -> bool:
        """Whether the file can be read again."""
        return isinstance(self._file, str | os.PathLike) or self._start is not None

    def open(self, clock: Clock, answer_part: str) -> aiohttp.MultipartWriter:
        """Return the form for one attempt."""
        self.close()
        form = aiohttp.MultipartWriter("form-data")
        for name, value in self._fields.items():
            _named(form.append(value), name=name)
        chunks, size = self._chunks(clock, answer_part)
        _named(form.append(_FilePart(chunks, size, self._content_type)), name="file", filename=self._filename)
        return form

    def close(self) -> None:
        """Close the file that an attempt has opened; the generator that reads it may never have been started."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _chunks(self, clock: Clock, answer_part: str) -> tuple[AsyncGenerator[bytes, None], int | None]:
        if isinstance(self._file, str | os.PathLike):
            self._opened = open(self._file, "rb")  # noqa: SIM115 - closed at the end of the attempt
            return _read(self._opened, clock, answer_part), os.fstat(self._opened.fileno()).st_size
        if self._start is None:
            return _read(self._file, clock, answer_part), None
        size = self._file.seek(0, io.SEEK_END) - self._start
        self._file.seek(self._start)
        return _read(self._file, clock, answer_part), size


class _FilePart(aiohttp.payload.AsyncIterablePayload):
    """A part of known length, so that the request has a Content-Length: not every gateway takes a chunked body."""

    def __init__(self, chunks: AsyncIterator[bytes], size: int | None, content_type: str) -> None:
        super().__init__(chunks, content_type=content_type)
        self._length = size

    @property
    def size(self) -> int | None:
        """Bytes of the file, None where it cannot tell."""
        return self._length


async def _read(file: BinaryIO, clock: Clock, answer_part: str) -> AsyncGenerator[bytes, None]:
    try:
        while chunk := await asyncio.to_thread(file.read, CHUNK):
            for start in range(0, len(chunk), SMALL):
                clock.start("write")
                yield chunk[start : start + SMALL]
    except (OSError, ValueError) as error:  # ValueError: closed meanwhile
        raise ImagineException(f"the file could not be read to its end: {error}") from error
    clock.start(answer_part)


def _position(file: BinaryIO) -> int | None:
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError):
        return None


def _name(file: str | os.PathLike[str] | BinaryIO) -> str:
    if isinstance(file, str | os.PathLike):
        return os.fspath(file)
    name: object = getattr(file, "name", "")
    return os.fsdecode(name) if isinstance(name, str | bytes) else ""


_IN_QUOTES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How browsers write what would end a name (the HTML standard's multipart/form-data encoding)."""


def _named(part: aiohttp.payload.Payload, **params: str) -> None:
    quoted = {name: value.translate(_IN_QUOTES) for name, value in params.items()}
    part.set_content_disposition("form-data", False, "utf-8", **quoted)
    part.headers.popall("Content-Length", None)  # RFC 7578 section 4.8: not among a part's headers
