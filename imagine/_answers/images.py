"""Addresses of images, which the service answers as paths, made absolute."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from imagine.types.images import ImageResponse

__all__ = ["with_absolute_urls"]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")  # RFC 3986 sections 3.1 and 4.2


def with_absolute_urls(answer: ImageResponse, endpoint: str) -> ImageResponse:
    """Make image addresses absolute against the endpoint's parent: `…/apis` for `…/apis/v2`."""
    parent = endpoint.rpartition("/")[0] if urlsplit(endpoint).path.strip("/") else endpoint
    for image in answer.data:
        if image.url and not _ABSOLUTE.match(image.url):
            image.url = f"{parent}/{image.url.lstrip('/')}"
    return answer
