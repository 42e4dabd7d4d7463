"""Bodies in a form that people can read: JSON, the parts of a form, text, Base64."""

from __future__ import annotations

import base64
import hashlib
from email.message import Message
from typing import TYPE_CHECKING, Any

import msgspec

from imagine.server.recording.exchange import Body

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["body_of", "bytes_of", "piece_of", "piece_to_bytes"]

NOT_JSON = object()


def body_of(data: bytes, content_type: str, masked: Callable[[str], str]) -> Body | None:
    """Write a body in the most readable form that fits, without its secrets."""
    if not data:
        return None
    header = _header("Content-Type", content_type)
    if header.get_content_maintype() == "multipart" and (boundary := header.get_param("boundary")):
        return Body(form=[_part(part, masked) for part in _parts(data, str(boundary).encode())])
    try:
        text = masked(data.decode())
    except UnicodeDecodeError:
        return Body(base64=base64.b64encode(data).decode())
    document = _json(text)
    return Body(text=text) if document is NOT_JSON else Body(json=document)


def bytes_of(body: Body | None) -> bytes:
    """Return what a recorded body was, but for the blanks between the parts of JSON."""
    if body is None:
        return b""
    if body.json is not msgspec.UNSET:
        return msgspec.json.encode(body.json)
    if isinstance(body.base64, str):
        return base64.b64decode(body.base64)
    return body.text.encode() if isinstance(body.text, str) else b""


def piece_of(data: bytes, masked: Callable[[str], str]) -> Any:
    """Write an event as text; as Base64 where it is none."""
    try:
        return masked(data.decode())
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


def piece_to_bytes(piece: Any) -> bytes:
    """Return what a recorded event was."""
    return piece.encode() if isinstance(piece, str) else base64.b64decode(piece["base64"])


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return NOT_JSON


def _header(name: str, value: str) -> Message:
    """Return a header that can be asked for its parameters."""
    message = Message()
    message[name] = " ".join(value.split())
    return message


def _parts(data: bytes, boundary: bytes) -> list[bytes]:
    """Return the parts of a multipart body, without what stands before and after them."""
    return (b"\r\n" + data).split(b"\r\n--" + boundary)[1:-1]


def _part(part: bytes, masked: Callable[[str], str]) -> dict[str, Any]:
    head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    lines = [line.partition(":") for line in head.decode(errors="replace").splitlines()]
    headers = {name.strip().lower(): value.strip() for name, _, value in lines}
    disposition = _header("Content-Disposition", headers.get("content-disposition", ""))
    name, filename = (disposition.get_param(key, None, "content-disposition") for key in ("name", "filename"))
    if filename is None:
        return {"name": masked(str(name)), "text": masked(content.decode(errors="replace"))}
    digest = hashlib.sha256(content).hexdigest()
    return {"name": masked(str(name)), "filename": masked(str(filename)), "bytes": len(content), "sha256": digest}
