"""What keeps the trouble of tracing, such as a processor that fails, out of the calls that are traced."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from imagine._log import log

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["harmless"]


@contextmanager
def harmless() -> Generator[None]:
    """Log what is raised in here, and go on."""
    try:
        yield
    except Exception:  # a call is more than its trace
        log.exception("a call could not be traced")
