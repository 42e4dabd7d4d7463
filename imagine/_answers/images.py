"""Images of answers: their addresses, which come as paths, made absolute; and the files that are there."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from imagine.exceptions import ImagineDecodeException

if TYPE_CHECKING:
    from imagine.types.images import Image, ImageResponse

__all__ = ["absolute", "with_absolute_urls", "with_content"]

_ABSOLUTE = r"[A-Za-z][A-Za-z0-9+.-]*:|//"  # RFC 3986 sections 3.1 and 4.2


def with_absolute_urls(answer: ImageResponse, endpoint: str) -> ImageResponse:
    """Make image addresses absolute against the endpoint's parent: `…/apis` for `…/apis/v2`."""
    for image in answer.data:
        if image.url:
            image.url = absolute(image.url, endpoint)
    return answer


def absolute(url: str, endpoint: str) -> str:
    """Make one address absolute; what is one already stays."""
    if re.match(_ABSOLUTE, url):
        return url
    parent = endpoint.rpartition("/")[0] if urlsplit(endpoint).path.strip("/") else endpoint
    return f"{parent}/{url.lstrip('/')}"


def with_content(image: Image, content: bytes | bytearray) -> Image:
    """Return an image that holds its file; ImagineDecodeException for a file that is no image."""
    from imagine._images import image_kind  # few clients get a file, and every one would load it

    if image_kind(content) is None:
        raise ImagineDecodeException(f"this is no PNG, JPEG, GIF or WebP, but {len(content)} bytes of something else")
    return msgspec.structs.replace(image, b64_json=b64encode(content).decode())
