"""Request bodies: what each can do, and JSON; uploads are in `uploads`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    import aiohttp

    from imagine._pacing.clock import Clock

__all__ = ["EVENTS", "JSON", "JSON_HEADERS", "SMALL", "Body", "JSONBody", "json_body"]

JSON = "application/json"
EVENTS = "text/event-stream"
SMALL = 64 * 1024
"""Up to this a body goes out in one write, which the socket takes at once; longer ones go in pieces of it."""
JSON_HEADERS: Mapping[str, str] = MappingProxyType({"Content-Type": JSON})


class Body(Protocol):
    """What a request carries."""

    @property
    def replayable(self) -> bool:
        """Whether the same bytes can be sent again."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that describe it."""
        ...

    @property
    def estimated_tokens(self) -> int:
        """What it may cost, at four characters a token."""
        ...

    @property
    def takes_time(self) -> bool:
        """Whether the clock has to run while it is sent."""
        ...

    def open(self, clock: Clock, answer_part: str) -> bytes | AsyncIterator[bytes] | aiohttp.MultipartWriter:
        """Return it from its start for one attempt; the clock runs `write` while it is taken, then `answer_part`."""
        ...


class JSONBody(msgspec.Struct):
    """Encoded once, sent by every attempt."""

    content: bytes
    takes_time: bool
    """Whether it goes in pieces: where it is longer than SMALL."""

    def __repr__(self) -> str:
        return f"JSONBody({len(self.content)} bytes)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Show no more to those who ask as `rich` does."""
        return [("bytes", len(self.content))]

    @property
    def replayable(self) -> bool:
        """Whether it can be sent again: always."""
        return True

    @property
    def headers(self) -> Mapping[str, str]:
        """Its kind; its length where it goes in pieces, which do not tell it."""
        if not self.takes_time:
            return JSON_HEADERS
        return {**JSON_HEADERS, "Content-Length": str(len(self.content))}

    @property
    def estimated_tokens(self) -> int:
        """What it may cost, at four characters a token."""
        return len(self.content) // 4

    def open(self, clock: Clock, answer_part: str) -> bytes | AsyncIterator[bytes]:
        """Return the bytes, in pieces where they are many so that a stalled service is noticed."""
        return self._pieces(clock, answer_part) if self.takes_time else self.content

    async def _pieces(self, clock: Clock, answer_part: str) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(self.content), SMALL):
            clock.start("write")
            yield self.content[start : start + SMALL]
        clock.start(answer_part)


def json_body(content: bytes | None) -> JSONBody | None:
    """Return the body that carries a JSON text; None for none."""
    return None if content is None else JSONBody(content, len(content) > SMALL)
