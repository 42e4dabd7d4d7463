"""Uploads: a form of text fields and one file, which is read as it is sent."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

import aiohttp

from imagine._http.bodies import SMALL
from imagine._redaction.tracebacks import words_of
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

    from imagine._http.sources import Upload
    from imagine._pacing.clock import Clock

__all__ = ["UploadBody"]


class UploadBody:
    """A multipart form of text fields and one file, which is never held in memory.

    Each attempt has a number: what is left of an earlier one reads no more.
    """

    estimated_tokens = 0
    takes_time = True

    def __init__(self, fields: Sequence[tuple[str, str]], upload: Upload) -> None:
        self.headers: Mapping[str, str] = {}
        self._fields = [(_checked_text(name, name), _checked_text(name, value)) for name, value in fields]
        self._source, self._filename, self._progress = upload
        self._content_type = mimetypes.guess_type(self._filename)[0] or "application/octet-stream"
        self._attempt = 0
        self._size: int | None = None
        self._first = b""
        self.interruption: BaseException | None = None
        """What `progress=` raised, which ends the call."""

    @property
    def replayable(self) -> bool:
        """Whether the file can be read again, and is to be."""
        return self._source.replayable and self.interruption is None

    async def look(self, clock: Clock) -> None:
        """Find out whether there is a file, before anything is sent."""
        clock.start("write")
        await self._source.look()

    async def begin(self, clock: Clock) -> None:
        """Go to the start of the file and read its first piece, so that what cannot be read is told before it is sent.

        That waits for a read of an earlier attempt: two that share a position would send neither's bytes.
        """
        clock.start("write")
        self._attempt += 1
        try:
            self._size = await self._source.open()
            self._first = await self._source.read()
        except (OSError, ValueError, TypeError) as error:
            if self._attempt == 1:
                raise
            raise ImagineException(f"input_file could not be opened again: {error}") from error
        self._tell(self._attempt, 0)

    def open(self, clock: Clock, answer_part: str) -> aiohttp.MultipartWriter:
        """Return the form for one attempt."""
        form = aiohttp.MultipartWriter("form-data")
        for name, value in self._fields:
            _named(form.append(value), name=name)
        pieces = self._pieces(self._attempt, self._first, clock, answer_part)
        part = _FilePart(pieces, self._size, self._content_type)
        _named(form.append(part), name="file", filename=self._filename)
        return form

    def close(self) -> None:
        """Read no more; the call is over."""
        self._attempt += 1
        self._source.close()

    async def _pieces(self, attempt: int, piece: bytes, clock: Clock, answer_part: str) -> AsyncGenerator[bytes, None]:
        sent = 0
        while piece:
            if self._size is not None and sent + len(piece) > self._size:
                raise self._changed("longer", sent + len(piece))
            for start in range(0, len(piece), SMALL):
                clock.start("write")
                yield (part := piece[start : start + SMALL])
                sent += len(part)
                self._tell(attempt, sent)
            piece = await self._following(attempt)
        if self._size is not None and sent < self._size:
            raise self._changed("shorter", sent)
        clock.start(answer_part)

    async def _following(self, attempt: int) -> bytes:
        if attempt == self._attempt:
            try:
                piece = await self._source.read()
            except TypeError as error:
                raise ImagineException(str(error)) from error
            if attempt == self._attempt:
                return piece
        raise ImagineException("the attempt is over")

    def _tell(self, attempt: int, sent: int) -> None:
        """Say how much is sent, unless the attempt is over."""
        if self._progress is None or attempt != self._attempt:
            return
        try:
            self._progress(sent, self._size)
        except BaseException as error:  # whatever it is, it is for who called: in aiohttp's task it would be lost
            self.interruption = error
            raise ImagineException(f"progress= ended the call: {words_of(error)}") from error

    def _changed(self, how: str, sent: int) -> ImagineException:
        return ImagineException(
            f"input_file became {how} while it was sent: it had {self._size} bytes, and {sent} were read; "
            "send a copy that nobody writes to"
        )


class _FilePart(aiohttp.payload.AsyncIterablePayload):
    """A part of known length, so that the request has a Content-Length: not every gateway takes a chunked body."""

    def __init__(self, chunks: AsyncIterator[bytes], size: int | None, content_type: str) -> None:
        super().__init__(chunks, content_type=content_type)
        self._length = size

    @property
    def size(self) -> int | None:
        """Bytes of the file, None where it cannot tell."""
        return self._length


def _checked_text(name: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name!r} of the form is not UTF-8: {text!r}") from error
    return text


_IN_QUOTES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How browsers write what would end a name (the HTML standard's multipart/form-data encoding)."""


def _named(part: aiohttp.payload.Payload, **params: str) -> None:
    quoted = {name: value.translate(_IN_QUOTES) for name, value in params.items()}
    part.set_content_disposition("form-data", False, "utf-8", **quoted)
    part.headers.popall("Content-Length", None)  # RFC 7578 section 4.8: not among a part's headers
