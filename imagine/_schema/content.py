"""What functions return, as texts that a model reads."""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

import msgspec

__all__ = ["content_of", "sendable"]


def content_of(value: object) -> str:
    """Return a value as text: a str as it is, all else as JSON, and by `str()` what JSON has no form for.

    None is `null`; data classes of all kinds, pydantic models, enums, dates and numpy's arrays have a form.
    """
    value = value.value if isinstance(value, Enum) else value
    if isinstance(value, str):
        return sendable(str.__str__(value))
    if isinstance(value, float) and not math.isfinite(value):  # as JSON it would be null
        return str(value)
    try:
        return msgspec.json.encode(value, enc_hook=_builtin).decode()
    except (TypeError, ValueError, OverflowError, RecursionError):
        return sendable(str(value))


def sendable(text: str) -> str:
    """Return a text without halves of surrogate pairs, as names of files have them: a service refuses them for ever."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _builtin(value: Any) -> object:
    """Return what stands for a value that msgspec does not know: of pydantic, of numpy, or its text."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        return value.tolist()
    return str(value)
