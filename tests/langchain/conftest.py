"""Objects of LangChain on a local server, called as code that blocks and as code that awaits."""

from __future__ import annotations

import pytest
from support.clients import in_thread

from imagine.langchain import ImagineChat


@pytest.fixture
def make_chat(imagine_environment):
    """Make chat models that do not retry."""
    return lambda **fields: ImagineChat(**{"max_retries": 0, **fields})


@pytest.fixture
def chat(make_chat):
    """A chat model."""
    return make_chat()


@pytest.fixture
def invoke(face):
    """Invoke a runnable by `invoke` or `ainvoke`."""

    async def invoke(runnable, *args, **kwargs):
        if face == "async":
            return await runnable.ainvoke(*args, **kwargs)
        return await in_thread(runnable.invoke, *args, **kwargs)

    return invoke


@pytest.fixture
def streamed(face):
    """Read a runnable's chunks by `stream` or `astream`."""

    async def streamed(runnable, *args, **kwargs):
        if face == "async":
            return [chunk async for chunk in runnable.astream(*args, **kwargs)]
        return await in_thread(lambda: list(runnable.stream(*args, **kwargs)))

    return streamed


@pytest.fixture
def whole(streamed):
    """Read a stream, and return its chunks joined."""

    async def whole(runnable, *args, **kwargs):
        first, *rest = await streamed(runnable, *args, **kwargs)
        for chunk in rest:
            first += chunk
        return first

    return whole


@pytest.fixture
def call(face):
    """Call a method by its name, or by the name with an `a` before it."""

    async def call(owner, name, *args):
        method = getattr(owner, f"a{name}" if face == "async" else name)
        return await method(*args) if face == "async" else await in_thread(method, *args)

    return call
