"""Where the values of an example come from before any are made up: nowhere, unless somebody knows better."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

__all__ = ["Hints"]


class Hints:
    """No hints at all; the local server has a class below it, which reads them out of a message."""

    message = ""
    """The whole message."""

    def after(self, _name: str) -> str:
        """Return the text that follows a property's name; "" where there is none."""
        return ""

    def mentions(self, _value: object) -> bool:
        """Tell whether the message contains a value."""
        return False

    def texts(self) -> Iterator[str]:
        """Yield texts that are not taken yet."""
        return iter(())

    def matches(self, _pattern: re.Pattern[str]) -> Iterator[str]:
        """Yield what a pattern finds, not taken yet."""
        return iter(())

    def numbers(self, _text: str) -> Iterator[float]:
        """Yield the numbers of a text, not taken yet."""
        return iter(())

    def take(self, value: object) -> None:
        """Mark a value as used."""
