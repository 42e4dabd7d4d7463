"""The log of the SDK: calls at DEBUG, retries at INFO; bodies only where `debug` asks for them, never the key."""

from __future__ import annotations

import logging

__all__ = ["enable", "log"]

log = logging.getLogger("imagine")


def enable() -> None:
    """Let everything through, and print it on stderr in programs that set up no logging of their own."""
    log.setLevel(logging.DEBUG)
    if not log.hasHandlers():
        log.addHandler(logging.StreamHandler())
