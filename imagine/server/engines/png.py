"""Writes PNG files of 8-bit RGB pixels."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING
from zlib import compress, crc32

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGB_8_BIT = b"\x08\x02\x00\x00\x00"
_UNFILTERED = b"\0"


def png(width: int, rows: Sequence[bytes | bytearray], **texts: str) -> bytes:
    """Encode rows of 3 x width bytes, top row first, with ASCII texts that image programs show as comments."""
    pixels = b"".join(_UNFILTERED + row for row in rows)
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">II", width, len(rows)) + _RGB_8_BIT),
            *(_chunk(b"tEXt", f"{keyword}\0{text}".encode("ascii")) for keyword, text in texts.items()),
            _chunk(b"IDAT", compress(pixels, 6)),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
