"""Objects of the adapter on the test's server, spoken to in both manners."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Generator

import pytest
from support.clients import in_thread


@pytest.fixture
def make(server):
    """Make objects that reach the server, with one's own fields; what is awaited ends with the test's loop."""
    made = []

    def make(kind, **fields):
        made.append(kind(**{"endpoint": server.endpoint, "api_key": server.api_key, "max_retries": 0, **fields}))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def ask(face):
    """Call a method, or its async twin; a stream is read to its end."""

    def blocking(method, args, kwargs):
        found = method(*args, **kwargs)
        return list(found) if isinstance(found, Generator) else found

    async def ask(one, name, *args, **kwargs):
        if face == "blocking":
            return await in_thread(blocking, getattr(one, name), args, kwargs)
        found = await getattr(one, f"a{name}")(*args, **kwargs)
        return [piece async for piece in found] if isinstance(found, AsyncGenerator) else found

    return ask


@pytest.fixture
def bodies(server):
    """The bodies of the requests so far, oldest first."""
    return lambda: [json.loads(request.body) for request in server.requests]
