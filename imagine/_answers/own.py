"""Answers of our own routes, which are an answer only where they carry no error: services report some under 200."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from imagine.exceptions import ImagineDecodeException
from imagine.types.decoding import Decoding

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "ReportedError",
    "error_member",
    "mentions_error",
    "own_answer",
    "own_look",
    "replaces_answer",
]

T = TypeVar("T")
Content = bytes | bytearray

_WORD = b'"error"'
_SEARCHED = 64 * 1024
"""Bytes of an answer that are searched whole for the word; of a longer one, as many at its start and its end."""
_LONG = 2 * _SEARCHED
_NO_ERROR: tuple[object, ...] = (None, False, "", {}, [])


class ReportedError(Exception):
    """An answer whose status is a good one carries an error of the service; its words are in the answer."""


class _Shape(msgspec.Struct):
    """What an error may look like that comes beside an answer, or in its place."""

    error: Any = None
    detail: Any = None
    message: Any = None
    object: Any = None


def own_answer(decode: Callable[[Content], T], content: Content) -> T:
    """Decode an answer of one of our own routes; ReportedError where it carries an error, beside or in its place."""
    if mentions_error(content) and error_member(content):
        raise ReportedError
    try:
        return decode(content)
    except ImagineDecodeException:
        if not replaces_answer(content):
            raise
    raise ReportedError


def own_look(decode: Callable[[Content], T], content: Content) -> T:
    """Decode as `own_answer` does; an object that has nothing of its class is no answer with everything left out."""
    answer = own_answer(decode, content)
    if isinstance(answer, msgspec.Struct) and not _names_of(content).intersection(answer.__struct_fields__):
        if replaces_answer(content):
            raise ReportedError
        raise ImagineDecodeException(f"there is nothing of {type(answer).__name__} in {bytes(content[:200])!r}")
    return answer


def mentions_error(content: Content) -> bool:
    """Tell whether a JSON text may hold the name `error`, without parsing it."""
    if len(content) > _LONG:
        content = content[:_SEARCHED] + content[-_SEARCHED:]
    return content.partition(_WORD)[1] != b""  # `in` asks first whether it is a number: ten times the price


def error_member(payload: Content) -> bool:
    """Tell whether an object has a member `error` that says something, or says that it is one."""
    try:
        shape = msgspec.json.decode(payload, type=_Shape)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return shape.error not in _NO_ERROR or shape.object == "error"


def replaces_answer(payload: Content) -> bool:
    """Tell whether what is no answer looks like an error: one or more objects with an error's usual members."""
    try:
        shapes: _Shape | list[_Shape] = msgspec.json.decode(payload, type=_Shape | list[_Shape])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return any(map(_tells_error, shapes)) if isinstance(shapes, list) else _tells_error(shapes)


def _tells_error(shape: _Shape) -> bool:
    return shape.object == "error" or any(
        member not in _NO_ERROR for member in (shape.error, shape.detail, shape.message)
    )


def _names_of(content: Content) -> set[str]:
    return set(Decoding(dict[str, object]).decode(content))
