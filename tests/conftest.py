"""Fixtures of all tests: a local server for each, and both clients."""

from __future__ import annotations

import importlib.util
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import settings

# A machine that is busy with other things is no failure.
settings.register_profile("imagine", deadline=None)
settings.load_profile("imagine")

pytest_plugins = ["imagine.testing"]

TESTS = Path(__file__).parent
SLOW = (
    *("faults", "fuzz", "soak", "blocking/test_notebook.py", "blocking/test_programs.py", "http/test_load.py"),
    *("blocking/test_interruptions.py", "package/test_example_extraction.py"),
    *("package/test_benchmarks.py", "package/test_examples.py", "package/test_instructions.py"),
    *("package/test_benchmarks_above.py", "testing_kit/test_fixtures.py"),
    *("langchain/standard", "langchain/test_langchain_examples.py", "langchain/test_langchain_qualcomm.py"),
    *("package/test_quickstart_blocking.py", "types/test_dto_roundtrip.py", "types/test_pydantic_roundtrip.py"),
)
"""What takes seconds, or processes of its own; `make test-quick` leaves it out."""


def pytest_configure():
    """Take Ctrl-C in a run that a shell has started in the background, too, where it is ignored from the start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """Mark the slow tests by where they are."""
    for item in items:
        if item.path.is_relative_to(TESTS) and item.path.relative_to(TESTS).as_posix().startswith(SLOW):
            item.add_marker("slow")


@pytest.fixture
def anyio_backend():
    """Async tests run on asyncio, which aiohttp needs; on uvloop where that is installed (`make test-speedups`)."""
    return "asyncio", {"use_uvloop": importlib.util.find_spec("uvloop") is not None}


@pytest.fixture
def server(imagine_server):
    """A local server for one test."""
    return imagine_server


@pytest.fixture(params=["async", "blocking"])
def face(request):
    """Which of the two clients a test runs through."""
    if request.param == "blocking" and importlib.util.find_spec("imagine.client") is None:
        pytest.skip("not generated yet")
    return request.param


@pytest.fixture
async def make_client(face, server):
    """Make clients of the server, with one's own options; they are closed after the test."""
    from support.clients import behind_face

    async with AsyncExitStack() as clients:

        async def make(**options):
            options = {"endpoint": server.endpoint, "api_key": server.api_key, **options}
            return await clients.enter_async_context(behind_face(face, **options))

        yield make


@pytest.fixture
async def client(make_client):
    """A client that does not retry, so that each fault shows."""
    return await make_client(max_retries=0)
