"""What a docstring says of a function and of its parameters, in the styles of Google, NumPy and Sphinx."""

from __future__ import annotations

import re
from inspect import cleandoc
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Docstring", "read_docstring"]

_OF_PARAMETERS = r"(?:(?:Keyword |Other )?(?:Args|Arguments|Parameters|Params))"
_SECTION = (
    rf"(?:{_OF_PARAMETERS}|Returns?|Yields?|Receives?|Raises|Except(?:ions)?|Warns?|Warnings?|Examples?|Notes?|"
    r"Attributes|See Also|References|Todo)"
)
_GOOGLE = re.compile(rf"{_SECTION}:", re.IGNORECASE)
_NUMPY = re.compile(_SECTION, re.IGNORECASE)
_UNDERLINE = re.compile("-{3,}")
_FIELD = re.compile(r":[A-Za-z][^:]*:")
_HAS_PARAMETERS = re.compile(rf"{_OF_PARAMETERS}:?", re.IGNORECASE)
_GOOGLE_ITEM = re.compile(r"\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:(?:\s+|$)(.*)")
_NUMPY_ITEM = re.compile(r"(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?")
_SPHINX_ITEM = re.compile(r":(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)")


class Docstring(NamedTuple):
    """What a docstring says."""

    description: str
    """All before the first section."""
    parameters: dict[str, str]
    """A text for each parameter that has one, on one line."""


def read_docstring(text: str | None) -> Docstring:
    """Read a docstring in any of the three styles; one in none of them is a description."""
    lines = cleandoc(text or "").splitlines()
    starts = [number for number, (line, below) in enumerate(pairwise([*lines, ""])) if _opens(line, below)]
    parameters: dict[str, str] = {}
    for start, end in pairwise([*starts, len(lines)]):
        parameters |= {name: told for name, told in _told(lines[start], lines[start + 1 : end]) if told}
    return Docstring("\n".join(lines[: starts[0]] if starts else lines).strip(), parameters)


def _opens(line: str, below: str) -> bool:
    """Tell whether a line opens a section."""
    line = line.rstrip()
    if _GOOGLE.fullmatch(line) or _FIELD.match(line):
        return True
    return bool(_NUMPY.fullmatch(line) and _UNDERLINE.fullmatch(below.rstrip()))


def _told(head: str, body: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a section, each with its text."""
    if found := _SPHINX_ITEM.match(head):
        yield found[1], _joined([found[2], *body])
    elif _HAS_PARAMETERS.fullmatch(head.rstrip()):
        is_numpy = bool(body) and _UNDERLINE.fullmatch(body[0].rstrip()) is not None
        for item, *more in _items(body[1:] if is_numpy else body):
            yield from _numpy_item(item, more) if is_numpy else _google_item(item, more)


def _google_item(item: str, more: list[str]) -> Iterator[tuple[str, str]]:
    if found := _GOOGLE_ITEM.fullmatch(item):
        yield found[1], _joined([found[2], *more])


def _numpy_item(item: str, more: list[str]) -> Iterator[tuple[str, str]]:
    if found := _NUMPY_ITEM.fullmatch(item):
        for name in found[1].split(","):
            yield name.strip(" *"), _joined(more)


def _items(body: list[str]) -> Iterator[list[str]]:
    """Yield the items of a section, each a line with the deeper ones below it; what stands further left ends it."""
    lines = [line for line in body if line.strip()]
    depth = _depth(lines[0]) if lines else 0
    item: list[str] = []
    for line in lines:
        if _depth(line) <= depth and item:
            yield item
            item = []
        if _depth(line) < depth:
            return
        item.append(line.strip())
    if item:
        yield item


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines if line.strip())
