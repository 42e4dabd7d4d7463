"""The log of the SDK: `logging.getLogger("imagine")`, calls at INFO, retries at WARNING; never the key.

A call that has ended is one line of names and numbers, with no word of what was asked or answered. A retry says what
failed, as its exception would. Bodies are shown at DEBUG, and only where `debug` asks for them.
"""

from __future__ import annotations

import logging

__all__ = ["enable", "log"]

log = logging.getLogger("imagine")


def enable() -> None:
    """Let everything through, and print it on stderr in programs that set up no logging of their own."""
    log.setLevel(logging.DEBUG)
    if not log.hasHandlers():
        log.addHandler(logging.StreamHandler())
