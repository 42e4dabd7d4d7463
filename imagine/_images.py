"""Image files: their kind, told by their first bytes, and as parts of messages."""

from __future__ import annotations

import io
import os
import re
import sys
from base64 import b64encode
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, cast
from urllib.parse import urlsplit

from imagine._instead import check_word

if TYPE_CHECKING:
    from PIL.Image import Image as PILImage
else:
    PILImage: TypeAlias = Any  # Pillow may not be there

__all__ = ["image_kind", "image_part"]

MIB = 1024 * 1024
MOST_BYTES = 20 * MIB
"""The largest image within a message: services take few of them that are larger, and each turn sends it again."""

_KINDS = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "gif": re.compile(rb"GIF8[79]a"),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_PNG_MODES = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16"})
"""Of Pillow's ways to hold an image, those that PNG can hold, too."""
_DETAILS = ("auto", "low", "high")


def image_part(
    source: str | os.PathLike[str] | bytes | bytearray | memoryview | PILImage, *, detail: str | None = None
) -> dict[str, Any]:
    """Return an image as a part of a message's content, beside parts such as `{"type": "text", "text": …}`.

    Args:
        source: A path, which is read now; the bytes of a file; an image of Pillow, which is sent as PNG; or an
            `https://` address, which the service fetches. A file is a PNG, JPEG, GIF or WebP, whatever its name says,
            of at most 20 MiB.
        detail: How closely to look, such as `low` or `high`; None leaves it to the service.

    Raises:
        OSError: The file cannot be read.
        ValueError: No image of these kinds, one that is too large, or an address that is none.
        TypeError: Something else.

    Examples:
        >>> from imagine import image_part
        >>> image_part(b"GIF89a...", detail="low")["image_url"]["detail"]
        'low'
    """
    image_url = {"url": source if _is_address(source) else _data_url(_content(source))}
    if detail is not None:
        image_url["detail"] = _checked_detail(detail)
    return {"type": "image_url", "image_url": image_url}


def image_kind(content: bytes | bytearray) -> str | None:
    """Return what a file is by its first bytes: png, jpeg, gif or webp; None for anything else."""
    return next((kind for kind, start in _KINDS.items() if start.match(content)), None)


def _is_address(source: object) -> TypeGuard[str]:
    """Tell whether a text is an address and no path; ValueError for one that is not of https."""
    if not isinstance(source, str) or ("://" not in source and not source.startswith("data:")):
        return False
    if not source.lower().startswith("https://"):
        raise ValueError(
            f"source is an address of {source.partition(':')[0]!r}: give one that begins with https://, or the bytes"
        )
    if not source.isprintable() or " " in source or not urlsplit(source).hostname:
        raise ValueError(f"source {source!r} is no address: it has no host, or spaces in it")
    return True


def _content(source: Any) -> bytes:
    if isinstance(source, str | os.PathLike):
        with open(cast("str", source), "rb") as file:
            return file.read(MOST_BYTES + 1)
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(cast("bytes", source))
    pillow = sys.modules.get("PIL.Image")  # whoever has such an image has imported it
    if pillow is None or not isinstance(source, pillow.Image):
        kinds = "a path, bytes, an image of Pillow, or an https:// address"
        raise TypeError(f"source must be {kinds}, not {type(source).__name__}")
    return _as_png(source)


def _as_png(image: PILImage) -> bytes:
    file = io.BytesIO()
    if image.mode in _PNG_MODES:
        image.save(file, "PNG")
    else:
        as_rgb = image.convert("RGBA" if image.has_transparency_data else "RGB")
        as_rgb.save(file, "PNG", icc_profile=None)  # that of the other mode would be wrong now
    return file.getvalue()


def _data_url(content: bytes) -> str:
    kind = image_kind(content)
    if kind is None:
        raise ValueError(f"source is no PNG, JPEG, GIF or WebP{'' if content else ', but empty'}: convert it before")
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"source is larger than {MOST_BYTES // MIB} MiB, the most within a message: make it smaller, or give its "
            "https:// address"
        )
    return f"data:image/{kind};base64,{b64encode(content).decode()}"


def _checked_detail(detail: object) -> str:
    if not isinstance(detail, str):
        raise TypeError(f"detail must be a str, not {type(detail).__name__}")
    check_word("detail", detail, _DETAILS)
    return detail
