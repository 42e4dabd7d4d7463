"""Keeps the key out of everything that people read: messages, bodies, logs and the causes of errors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagine.exceptions import ImagineException

__all__ = ["Redaction"]

SHORTEST = 4
"""A key of fewer characters guards nothing, and taking it out would only garble what is said."""


class Redaction:
    """Replaces one secret by `***`, as it is and as JSON and Python would quote it, one in the other."""

    def __init__(self, secret: str) -> None:
        forms = {secret} if len(secret) >= SHORTEST else set[str]()
        for _ in range(3):
            forms |= {quote(form)[1:-1] for form in forms for quote in (json.dumps, repr)}
        self._forms = sorted(forms, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Return a text without the secret."""
        for form in self._forms:
            text = text.replace(form, "***")
        return text

    def clean(self, error: ImagineException) -> None:
        """Take the secret out of an error's message; a cause that shows it is dropped."""
        error.message = self.text(error.message) if error.message else error.message
        error.args = tuple(self.text(arg) if isinstance(arg, str) else arg for arg in error.args)
        if any(self.text(shown := str(cause)) != shown for cause in _causes(error)):
            error.__cause__ = error.__context__ = None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause = error.__cause__ or error.__context__
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
