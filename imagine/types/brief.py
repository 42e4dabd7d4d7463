"""A short repr for data classes that hold what nobody reads: vectors and files."""

from __future__ import annotations

import reprlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Brief"]

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 200  # a usual address is whole


class _Excerpt:
    def __init__(self, value: object) -> None:
        self.text = _short.repr(value)

    def __repr__(self) -> str:
        return self.text


class Brief:
    """Mixin of a data class whose repr shows the beginning of a vector, and beginning and end of a long text."""

    __slots__ = ()

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [(name, _Excerpt(item)) for name, item in cast("Iterable[tuple[str, object]]", self)]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={item!r}' for name, item in self.__rich_repr__())})"
