"""Files that are there as a whole or not at all: written beside their place, then renamed."""

from __future__ import annotations

import os
import secrets
from functools import partial

__all__ = ["write_whole"]

EVERYBODY = 0o666
"""The permissions of a new file, less what the umask takes."""


def write_whole(path: str | os.PathLike[str], content: bytes, mode: int = EVERYBODY) -> None:
    """Write a file, whose new content is there at once; a link goes on to lead to it.

    Raises OSError, which leaves what was there before.
    """
    target = os.path.realpath(path)
    beside = os.path.join(os.path.dirname(target), f".imagine-{secrets.token_hex(8)}")
    try:
        with open(beside, "xb", opener=partial(os.open, mode=mode)) as file:
            file.write(content)
        os.replace(beside, target)
    except BaseException as error:
        if os.path.lexists(beside):
            os.unlink(beside)
        if isinstance(error, OSError):
            error.filename, error.filename2 = os.fspath(path), None  # the other name says nothing to anybody
        raise
