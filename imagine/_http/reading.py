"""Bodies of answers, read whole or from their start; sizes are counted after decompression."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from imagine._http.compression import EncodingError, unpacked
from imagine._http.errors import FOREIGN, connection_error
from imagine.exceptions import ImagineDecodeException, ImagineException

if TYPE_CHECKING:
    import aiohttp

    from imagine._http.compression import Reader

__all__ = ["BOMB", "BOMB_BYTES", "is_bomb", "read_body", "read_start"]

START_SECONDS = 5.0
BOMB_BYTES = 16 * 1024 * 1024
BOMB_RATIO = 100
"""An answer over BOMB_BYTES that has decompressed to over BOMB_RATIO times its size on the wire is not read on."""
BOMB = f"a decompression bomb: it decompresses to over {BOMB_RATIO} times what came"


async def read_body(response: aiohttp.ClientResponse, most: int, target: str) -> bytes | bytearray:
    """Read a whole body of at most `most` bytes; ImagineDecodeException for a longer one, or for a bomb."""
    content, reader = response.content, unpacked(response)
    try:
        if content.is_eof() and reader is content:  # it came with its head
            whole = content.read_nowait()
            if len(whole) > most or len(whole) > BOMB_BYTES:
                _check_size(len(whole), most, content)
            return whole
        return await _read_pieces(reader, content, most)
    except ImagineException:
        response.close()
        raise
    except FOREIGN as error:
        response.close()
        failure = connection_error(error, target)
        raise failure from failure.__cause__ or error
    except BaseException:
        response.close()
        raise


async def _read_pieces(reader: Reader, content: aiohttp.StreamReader, most: int) -> bytearray:
    """Put the pieces of a body together, each at once: memory that is free again is at hand for the next one."""
    whole = bytearray()
    while piece := await reader.readany():
        whole += piece
        _check_size(len(whole), most, content)
    return whole


def _check_size(size: int, most: int, content: aiohttp.StreamReader) -> None:
    if size > most:
        raise ImagineDecodeException(f"the answer is longer than max_response_bytes={most}")
    if is_bomb(size, content):
        raise ImagineDecodeException(BOMB)


def is_bomb(size: int, content: aiohttp.StreamReader) -> bool:
    """Tell whether so many bytes were unfolded out of next to nothing."""
    return size > BOMB_BYTES and size > BOMB_RATIO * content.total_raw_bytes


async def read_start(response: aiohttp.ClientResponse, most: int) -> tuple[bytes, EncodingError | None]:
    """Read the first `most` bytes of a body that explains a failure: one that is long, slow or broken hides nothing.

    Where it cannot be decompressed, return why, too.
    """
    body, reader, undecodable = b"", unpacked(response), None
    try:
        async with asyncio.timeout(START_SECONDS):
            while len(body) < most and (piece := await reader.readany()):
                body += piece
    except EncodingError as error:
        undecodable = error
    except FOREIGN:
        pass
    finally:
        if not response.content.at_eof():
            response.close()
    return body[:most], undecodable
