"""Imports that wait for the first call, and what a finalizer or a signal handler may do in the middle of them."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["first_use"]

_threads: set[int] = set()
"""Those that are in the middle of it."""
_is_broken_off = False
"""Whether this process was forked in the middle of the imports of a thread that it does not have."""


@contextmanager
def first_use() -> Generator[None]:
    """Import in here; a call that interrupts the same thread is refused, with ImagineException.

    It would find half a module, or wait for the thread it stands in. A process that was forked meanwhile would wait for
    ever.
    """
    if _is_broken_off:
        raise ImagineException(
            "this process was forked while another thread was importing what the first call needs, which never ends "
            "here: make a first call, such as ping(), before the fork"
        )
    thread = threading.get_ident()
    if thread in _threads:
        raise ImagineException(
            "a call from a finalizer or a signal handler cannot be made while the first call, which it interrupted, is "
            "still importing: make a first call, such as ping(), before"
        )
    try:
        _threads.add(thread)
        yield
    except (ImportError, AttributeError, OSError) as error:
        raise ImagineException(f"what calls need could not be imported: {error}") from error
    finally:
        _threads.discard(thread)


def _after_fork() -> None:
    global _is_broken_off
    gone = _threads - {threading.get_ident()}
    _threads.difference_update(gone)
    if gone and any(map(_is_half_imported, list(sys.modules.values()))):
        _is_broken_off = True


def _is_half_imported(module: object) -> bool:
    return getattr(getattr(module, "__spec__", None), "_initializing", False) is True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
