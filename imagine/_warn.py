"""Warnings that point at the user's line, however many of ours lie between."""

from __future__ import annotations

import inspect
import warnings

__all__ = ["warn"]


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn about the line outside of this package that led here."""
    level, frame = 1, inspect.currentframe()  # the way to it before `skip_file_prefixes` of Python 3.12
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "imagine":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
