"""Imports that wait for the first call, and what a finalizer or a signal handler may do in the middle of them."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["first_use"]

_threads: set[int] = set()
"""Those that are in the middle of it."""


@contextmanager
def first_use() -> Generator[None]:
    """Import in here; a call that interrupts the same thread is refused, with ImagineException.

    It would find half a module, or wait for the thread it stands in.
    """
    thread = threading.get_ident()
    if thread in _threads:
        raise ImagineException(
            "a call from a finalizer or a signal handler cannot be made while the first call, which it interrupted, is "
            "still importing: make a first call, such as ping(), before"
        )
    try:
        _threads.add(thread)
        yield
    except (ImportError, AttributeError) as error:
        raise ImagineException(f"what calls need could not be imported: {error}") from error
    finally:
        _threads.discard(thread)
