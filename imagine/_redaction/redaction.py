"""The secrets that a client or a call has, and what takes them out of a text, of headers, and of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from imagine._redaction.tracebacks import causes_of, members_of, shown_by, trimmed, words_of
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imagine._redaction.notations import Notations

__all__ = ["Redaction"]


class RedactedCause(Exception):
    """Stands for a cause that shows a secret; its text is how that showed itself, masked."""


class Redaction:
    """A growing set of secrets, each of which it replaces by `***`; it works only when something is shown."""

    def __init__(self, *secrets: str, beside: Redaction | None = None) -> None:
        self._secrets: dict[str, Notations | None] = dict.fromkeys(secrets)
        self._beside = beside

    def add(self, secret: str) -> None:
        """Take one more secret out from now on."""
        self._secrets.setdefault(secret, None)

    def forget(self, secret: str) -> None:
        """Leave one secret be from now on."""
        self._secrets.pop(secret, None)

    def also(self, secrets: Iterable[str]) -> Redaction:
        """Return a redaction of these secrets, too, and of all that this one has or will have."""
        return Redaction(*secrets, beside=self)

    def text(self, text: str) -> str:
        """Return a text without the secrets."""
        longest_first = sorted(self._notations(), key=_length, reverse=True)  # one may hold another
        before = None
        while text != before:  # with what is around it, a mask may be a secret
            before = text
            for notations in longest_first:
                text = notations.masked(text)
        return text

    def excerpt(self, content: bytes | bytearray, most: int) -> str:
        """Return the first `most` characters, masked before they are cut: half a secret would not be found."""
        return self.text(content[: self.reach(most)].decode("utf-8", "replace"))[:most]

    def reach(self, most: int) -> int:
        """Return how many bytes to read for an excerpt: a secret that begins in it is read to its end."""
        return most + 16 * max(map(_length, self._notations()), default=0)  # no notation takes more for a character

    def headers(self, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return headers without the secrets: the same ones where there are none in them."""
        shown = "\n".join([f"{name}: {value}" for name, value in headers.items()])
        if self.text(shown) == shown:
            return headers
        copy = cast("Any", headers).copy()  # of aiohttp's class, which is blind to capitals
        copy.clear()
        copy.extend([(self.text(name), self.text(value)) for name, value in headers.items()])
        return cast("Mapping[str, str]", copy)

    def clean(self, error: BaseException) -> None:
        """Take the secrets out of an error, of what it came from, and of the frames that its call has left."""
        for one in causes_of(error):
            one.__traceback__ = trimmed(one.__traceback__)
            if isinstance(one, ImagineException):
                one.message = self.text(one.message) if one.message else one.message
                one.args = tuple(self.text(arg) if isinstance(arg, str) else arg for arg in one.args)
            suppresses = one.__suppress_context__
            one.__cause__, one.__context__ = self._shown(one.__cause__), self._shown(one.__context__)
            one.__suppress_context__ = suppresses

    def _notations(self) -> list[Notations]:
        from imagine._redaction.notations import Notations  # failures alone need it, and it is not free to import

        for secret in [secret for secret, known in list(self._secrets.items()) if known is None]:
            self._secrets[secret] = Notations(secret)
        own = list(filter(None, list(self._secrets.values())))
        return own + self._beside._notations() if self._beside else own

    def _shown(self, cause: BaseException | None) -> BaseException | None:
        """Return a cause as it may be shown: itself, or what stands for it where it shows a secret."""
        if cause is None or isinstance(cause, ImagineException | RedactedCause):
            return cause
        if all(shown is not None and self.text(shown) == shown for shown in map(shown_by, members_of(cause))):
            return cause
        shown = words_of(cause) if shown_by(cause) is None else repr(cause)
        standing = RedactedCause(self.text(shown)).with_traceback(cause.__traceback__)
        standing.__cause__, standing.__context__ = cause.__cause__, cause.__context__
        standing.__suppress_context__ = cause.__suppress_context__
        return standing


def _length(notations: Notations) -> int:
    return notations.length
