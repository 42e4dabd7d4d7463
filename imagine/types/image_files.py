"""What a generated image is as a file, and as an image of Pillow."""

from __future__ import annotations

import binascii
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage

__all__ = ["content_of", "opened"]


def content_of(b64_json: str | None, url: str | None) -> bytes:
    """Return the file of an image that holds it: as Base64, or in a `data:` URL.

    Raises ImagineException where there is none, ImagineDecodeException where it is not Base64.
    """
    from imagine.exceptions import ImagineDecodeException, ImagineException

    inside = b64_json or (url if url and url.startswith("data:") else None)
    if inside is None and url:
        raise ImagineException("this image is at a url, and not here: ask for image = await client.fetch_image(image)")
    if inside is None:
        raise ImagineException("this image has neither b64_json nor a url: the service has sent none")
    encoded = inside.partition(",")[2] if inside.startswith("data:") else inside
    try:
        return binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError as error:
        raise ImagineDecodeException(f"what this image holds is no Base64: {error}") from error


def opened(content: bytes) -> PILImage:
    """Return an image of Pillow, read to its end.

    Raises ImagineExtraMissing without Pillow, ImagineDecodeException for what it cannot read.
    """
    from imagine.exceptions import ImagineDecodeException, ImagineExtraMissing

    try:
        from PIL import Image as pillow
    except ImportError as error:
        raise ImagineExtraMissing("images") from error
    try:
        made = pillow.open(io.BytesIO(content))
        made.load()
    except (OSError, ValueError, SyntaxError, EOFError, pillow.DecompressionBombError) as error:
        raise ImagineDecodeException(f"Pillow cannot read this image of {len(content)} bytes: {error}") from error
    return made
