"""A pytest plugin for these tests: a plain HTTP session on the local server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from imagine.server import LocalServer


@pytest.fixture
async def session(server: LocalServer, anyio_backend: str) -> AsyncIterator[ClientSession]:
    """A session with the key, whose addresses are relative to the endpoint."""
    headers = {"Authorization": f"Bearer {server.api_key}"}
    async with ClientSession(f"{server.endpoint}/", headers=headers) as session:
        yield session
