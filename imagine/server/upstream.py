"""The server that a gateway stands before: asked over HTTP, its key kept out of everything that is passed on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp

from imagine._answers.models import models_by_type
from imagine._redaction.redaction import Redaction
from imagine.exceptions import ImagineDecodeException
from imagine.server.answers import Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aiohttp import web

__all__ = ["Upstream", "check_upstream"]

_JSON = {"Content-Type": "application/json"}
_SHORTEST_SECRET = 8
"""A shorter key, such as `EMPTY`, is no secret, and to take it out would garble what is said."""


def check_upstream(url: str | None, key: str | None) -> None:
    """Raise ValueError for an address that requests cannot be sent to, and for a key without an address."""
    if url is None:
        if key is not None:
            raise ValueError("upstream_key (--upstream-key) is of no use without upstream (--upstream)")
        return
    parts = urlsplit(url)
    if "@" in parts.netloc:  # not shown: it would be written wherever the address is
        raise ValueError("upstream must hold no login; give the key as upstream_key (IMAGINE_UPSTREAM_KEY)")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"upstream must be a base URL like http://127.0.0.1:8080/v1, not {url!r}")
    if key is not None and (not key or not key.isascii() or not key.isprintable()):
        raise ValueError("upstream_key must be printable ASCII, and not empty")


class Upstream:
    """An OpenAI-compatible server below a base URL."""

    def __init__(self, url: str, key: str | None) -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._secret = key if key is not None and len(key) >= _SHORTEST_SECRET else None
        self._redaction = Redaction(*filter(None, [self._secret]))

    async def opened(self, _app: web.Application) -> AsyncGenerator[None]:
        """Hold the session in which it is asked."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, force_close=True),  # one that is used again may be gone
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=30),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as self._session:
            yield

    async def post(self, route: str, body: bytes) -> aiohttp.ClientResponse:
        """Pass a request on; the answer is open, and the caller closes it.

        Refusal, 502, where there is no answer, or one that points elsewhere.
        """
        return await self._asked("POST", route, body)

    async def models(self) -> dict[str, list[str]]:
        """List its models by type, as it tells them; those of a plain list are all `llm`."""
        answer = await self._asked("GET", "models")
        content = await self.content(answer)
        if answer.status != 200:
            raise self._refused(f"answered GET models with {answer.status}: {content.decode(errors='replace')[:500]}")
        try:
            return {str(kind): names for kind, names in models_by_type(content).items()}
        except ImagineDecodeException as error:
            raise self._refused(f"has no list of models: {error}") from error

    async def content(self, answer: aiohttp.ClientResponse) -> bytes:
        """Read the whole body of an answer, and close it."""
        try:
            return self.shown(await answer.read())
        except (aiohttp.ClientError, OSError) as error:
            raise self._refused(f"broke off its answer: {error}") from error
        finally:
            answer.close()

    def shown(self, data: bytes) -> bytes:
        """Return what it said, without its key."""
        if self._secret is None:
            return data
        text = data.decode(errors="surrogateescape")
        return self._redaction.text(text).encode(errors="surrogateescape")

    async def _asked(self, method: str, route: str, body: bytes | None = None) -> aiohttp.ClientResponse:
        try:
            answer = await self._session.request(
                method, f"{self.url}/{route}", data=body, headers=self._headers(body), allow_redirects=False
            )
        except (aiohttp.ClientError, OSError) as error:
            raise self._refused(f"did not answer: {error}") from error
        if 300 <= answer.status < 400:
            answer.close()
            raise self._refused(f"points to {answer.headers.get('Location')!r}: give that address as the upstream")
        return answer

    def _headers(self, body: bytes | None) -> dict[str, str]:
        key = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        # As it is: a compressed event would come only with those after it.
        return {**key, **(_JSON if body is not None else {}), "Accept-Encoding": "identity"}

    def _refused(self, problem: str) -> Refusal:
        words = self._redaction.text(f"The upstream {self.url} {problem}")
        return Refusal(502, {"message": words, "status": "error"})
