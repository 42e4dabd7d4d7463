"""Compressed bodies, unpacked as they are read: one that cannot be does not hide the status of its answer.

aiohttp unpacks while it parses, and hands out no answer at all where it has no decoder for its body.
"""

from __future__ import annotations

import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import hdrs

if TYPE_CHECKING:
    import aiohttp

__all__ = ["ACCEPTED", "EncodingError", "Reader", "unpacked"]

ACCEPTED = "gzip, deflate"
_KNOWN = frozenset(["gzip", "x-gzip", "deflate"])
_UNKNOWN = frozenset(["br", "zstd", "compress"])
"""Sent though not accepted; what is said to be in any other encoding, such as utf-8, is taken as it is."""
_PIECE = 256 * 1024
"""The most that is unpacked in one go."""
_MOST_PIECES = 64
"""How many pieces of what a broken connection left are unpacked: 16 MiB out of some hundred KiB."""
_MEMBER = b"\x1f\x8b"
"""What a member of a gzip body begins with; others may follow the first."""


class EncodingError(ValueError):
    """A body cannot be unpacked."""

    def __init__(self, why: str) -> None:
        super().__init__(f"cannot be decompressed: {why}")


class Reader(Protocol):
    """Where a body is read from."""

    async def readany(self) -> bytes:
        """Wait for something, and return it; nothing at the end."""
        ...

    def read_nowait(self) -> bytes:
        """Return what is there."""
        ...


def unpacked(response: aiohttp.ClientResponse) -> Reader:
    """Return where the body of an answer is read from; reading raises EncodingError where it cannot be unpacked."""
    named = response.headers.get(hdrs.CONTENT_ENCODING)
    if named is None:
        return response.content
    encodings = [encoding for encoding in map(str.strip, named.lower().split(",")) if encoding in _KNOWN | _UNKNOWN]
    return _Unpacked(response.content, ", ".join(encodings)) if encodings else response.content


class _Unpacked:
    def __init__(self, content: aiohttp.StreamReader, encoding: str) -> None:
        self._content = content
        self._encoding = encoding
        self._packed = b""
        self._member: Any = None  # zlib has no public name for the type
        self._has_more = False  # of what was unpacked already

    async def readany(self) -> bytes:
        while True:
            if not (self._packed or self._has_more):
                self._packed = await self._content.readany()
            if not (self._packed or self._has_more):
                self._check_end()
                return b""
            if piece := self._piece():
                return piece

    def read_nowait(self) -> bytes:
        """Return what is there, as far as it can be unpacked, and is not far more than anybody sends so."""
        self._packed += self._content.read_nowait()
        pieces: list[bytes] = []
        with suppress(EncodingError):
            while (self._packed or self._has_more) and len(pieces) < _MOST_PIECES:
                pieces.append(self._piece())
        return b"".join(pieces)

    def _piece(self) -> bytes:
        if self._member is None or self._member.eof:
            if self._member is not None and not _MEMBER.startswith(self._packed[:2]):
                self._packed = b""  # such as zeros behind the end
                return b""
            self._member = self._begun()
        try:
            piece: bytes = self._member.decompress(self._packed, _PIECE)
        except zlib.error as error:
            raise EncodingError(self._encoding) from error
        self._packed = self._member.unconsumed_tail or self._member.unused_data
        self._has_more = len(piece) == _PIECE and not self._member.eof
        return piece

    def _begun(self) -> Any:
        if self._encoding not in _KNOWN:  # several, one over the other, are not either
            raise EncodingError(self._encoding)
        if self._encoding != "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        has_header = self._packed[0] & 0xF == 8  # RFC 1950; some services send RFC 1951 alone
        return zlib.decompressobj(zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS)

    def _check_end(self) -> None:
        if self._member is not None and not self._member.eof:
            raise EncodingError(f"{self._encoding}, which ends early")
