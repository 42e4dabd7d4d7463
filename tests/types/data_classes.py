"""All data classes of the package, found rather than listed, so that a new one cannot escape the tests."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from seed_page import HOMES

import imagine.types
from imagine.types.answer import Answer
from imagine.types.base import DTO, PlainDTO

if TYPE_CHECKING:
    from collections.abc import Iterator


def _descendants(cls: type[DTO]) -> Iterator[type[DTO]]:
    for child in cls.__subclasses__():
        yield child
        yield from _descendants(child)


BASES = (PlainDTO, Answer)

for _home in HOMES:
    import_module(f"{imagine.types.__name__}.{_home}")

DATA_CLASSES = sorted(
    {cls for cls in _descendants(DTO) if cls not in BASES and cls.__module__.startswith("imagine.types.")},
    key=lambda cls: cls.__name__,
)
