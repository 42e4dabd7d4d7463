"""Finds what a text quotes, in the usual marks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Of single marks only those that stand at the borders of words: an apostrophe inside of one quotes nothing. A quotation
# has a longest length, so that a text of nothing but marks is read in one pass.
_QUOTED = re.compile(
    "|".join(
        (
            r'"([^"\n]{1,500})"',
            r"`([^`\n]{1,500})`",
            r"(?<!\w)'([^'\n]{1,500})'(?!\w)",
            r"\u201c([^\u201d\n]{1,500})\u201d",
            r"(?<!\w)\u2018([^\u2019\n]{1,500})\u2019(?!\w)",
        )
    )
)


def quotations(text: str) -> Iterator[str]:
    """Yield the quoted parts of a text, without their marks."""
    for found in _QUOTED.finditer(text):
        yield next(filter(None, found.groups()))
