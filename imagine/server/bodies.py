"""Reads request bodies: uploads, which are spooled to disk, and JSON, into the classes of `imagine.types`."""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import msgspec
from aiohttp import BodyPartReader, web

from imagine.server.answers import Refusal, unprocessable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Form", "Upload", "fitted", "parse_json", "read_form"]

T = TypeVar("T", bound=msgspec.Struct)

_JSON_OBJECT = msgspec.json.Decoder(dict[str, Any])
_CHUNK = 1024 * 1024
"""More than a connection holds in its buffer: what is over, aiohttp puts back by a method that warns of its end."""
_IN_MEMORY = 2**20
_TEXT_BYTES = 2**20
"""The most that the text fields of a form may hold together."""


def _spooled_file() -> BinaryIO:
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(_IN_MEMORY))


@dataclass(slots=True)
class Upload:
    """A file uploaded in a form."""

    filename: str
    content_type: str
    size: int = 0
    sha256: str = ""
    """Digest of the content, in hexadecimal."""
    file: BinaryIO = field(default_factory=_spooled_file, repr=False)
    """The content, positioned at its start; closed once the request is answered."""


Form = dict[str, str | Upload]


async def read_form(request: web.Request, form: Form, limit: int) -> None:
    """Read a multipart body into a form; refused with 413 above `limit` bytes, with 422 if it is not a form."""
    texts_left = _TEXT_BYTES
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader):
                raise ValueError("a part is itself multipart")
            size = await _read_part(part, form, min(limit, texts_left) if part.filename is None else limit)
            limit -= size
            texts_left -= size if part.filename is None else 0
    except ValueError as error:
        raise unprocessable(["body"], f"The body is not a form: {error}") from error


async def _read_part(part: BodyPartReader, form: Form, limit: int) -> int:
    """Read one field, and return its size."""
    name = part.name or ""
    if part.filename is None:
        text = b"".join([chunk async for chunk in _chunks(part, limit)])
        form[name] = text.decode(errors="replace")
        return len(text)
    upload = form[name] = Upload(part.filename, part.headers.get("Content-Type", ""))
    await _spool(part, upload, limit)
    return upload.size


async def _spool(part: BodyPartReader, upload: Upload, limit: int) -> None:
    digest = hashlib.sha256()
    async for chunk in _chunks(part, limit):
        upload.file.write(chunk)
        upload.size += len(chunk)
        digest.update(chunk)
    upload.sha256 = digest.hexdigest()
    upload.file.seek(0)


async def _chunks(part: BodyPartReader, limit: int) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK):
        limit -= len(chunk)
        if limit < 0:
            raise Refusal(413, {"detail": "The upload is larger than this server accepts"})
        yield chunk


def parse_json(body: bytes) -> dict[str, Any]:
    """Parse a body that must be a JSON object; anything else is refused with 422."""
    try:
        return _JSON_OBJECT.decode(body)
    except msgspec.ValidationError as error:
        raise unprocessable(["body"], str(error), "type_error") from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise unprocessable(["body"], str(error), "value_error.jsondecode") from error


def fitted(document: dict[str, Any], into: type[T]) -> T:
    """Convert a JSON object to a class; one that does not fit is refused with a 422 that names the field."""
    try:
        return msgspec.convert(document, into)
    except msgspec.ValidationError as error:
        raise _misfit(str(error)) from error


def _misfit(message: str) -> Refusal:
    """Turn `Expected …, got … - at `$.messages[0].role`` into a location and a message."""
    reason, _, path = message.partition(" - at `$")
    location = ["body", *(name or int(index) for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path))]
    if missing := re.search(r"missing required field `(\w+)`", reason):
        return unprocessable([*location, missing[1]], "field required", "value_error.missing")
    return unprocessable(location, reason, "type_error")
