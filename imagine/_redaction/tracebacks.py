"""Tracebacks without the variables of the frames that a call has left: those of the libraries hold its headers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["causes_of", "members_of", "shown_by", "trimmed", "words_of"]

_LIBRARIES = frozenset({"aiohttp", "anyio", "asyncio", "json", "msgspec", "ssl", "tenacity", "uvloop", "yarl"})


def trimmed(trace: TracebackType | None) -> TracebackType | None:
    """Return a traceback without the frames of the libraries underneath, and with ours emptied; a user's stay."""
    kept = None
    for entry in reversed(list(_entries(trace))):
        package = str(entry.tb_frame.f_globals.get("__name__")).partition(".")[0]
        if package not in _LIBRARIES:
            entry.tb_next, kept = kept, entry
        if package == "imagine":
            with suppress(RuntimeError):  # it runs still
                entry.tb_frame.clear()
    return kept


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came from, each once; what is asked for next may be changed meanwhile."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            left += one.__cause__, one.__context__, *getattr(one, "exceptions", ())


def members_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those in it where it is a group."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in cast("BaseExceptionGroup[BaseException]", error).exceptions:
            yield from members_of(one)


def shown_by(error: BaseException) -> str | None:
    """Return all that an error shows of itself, its notes included; None where its own code fails to tell."""
    try:
        return f"{error!r} {error} {vars(error)}"
    except Exception:  # a class of the user's
        return None


def words_of(error: BaseException) -> str:
    """Return the class of an error and its text, if its own code can tell that."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # a class of the user's
        return type(error).__name__


def _entries(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next
