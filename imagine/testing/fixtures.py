"""The fixtures: a local server or a cassette for each test, clients of it, and the environment that points to it."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from typing import TYPE_CHECKING, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagine.async_client import ImagineAsyncClient
    from imagine.client import ImagineClient
    from imagine.server import LocalServer, ServerOptions
    from imagine.server.recording import Cassette, CassetteOptions, Mode

__all__ = [
    "imagine_async_client",
    "imagine_cassette",
    "imagine_cassette_options",
    "imagine_client",
    "imagine_environment",
    "imagine_server",
    "imagine_server_options",
    "pytest_addoption",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that says when cassettes are recorded."""
    parser.getgroup("imagine").addoption(
        "--imagine-record",
        choices=("none", "once", "all"),
        default="none",
        help="record the tests that ask for imagine_cassette from the service that IMAGINE_API_ENDPOINT and "
        "IMAGINE_API_KEY name: once, where there is no cassette, or all anew (default: none, replay alone)",
    )


@pytest.fixture
def imagine_server_options() -> ServerOptions:
    """Options of the server, to be overridden: `return {"quotas": ["5/minute"]}`."""
    return {}


@pytest.fixture
def imagine_server(imagine_server_options: ServerOptions) -> Iterator[LocalServer]:
    """Run a local Imagine server for one test, which fails if replies are left, or a request had none."""
    from imagine.server import LocalServer

    with LocalServer(**imagine_server_options) as server:
        yield server


@pytest.fixture
def imagine_environment(imagine_server: LocalServer, monkeypatch: pytest.MonkeyPatch) -> LocalServer:
    """Point IMAGINE_API_ENDPOINT and IMAGINE_API_KEY to the server, and proxies away from it."""
    monkeypatch.setenv("IMAGINE_API_ENDPOINT", imagine_server.endpoint)
    monkeypatch.setenv("IMAGINE_API_KEY", imagine_server.api_key)
    monkeypatch.delenv("IMAGINE_API_PROXY", raising=False)
    for name in ("NO_PROXY", "no_proxy"):  # urllib reads the second first
        monkeypatch.setenv(name, "127.0.0.1")
    return imagine_server


@pytest.fixture
def imagine_cassette_options() -> CassetteOptions:
    """Options of the cassette, to be overridden: `return {"speed": 0}`."""
    return {}


@pytest.fixture
def imagine_cassette(request: pytest.FixtureRequest, imagine_cassette_options: CassetteOptions) -> Iterator[Cassette]:
    """Replay what was recorded for the test, or record it where `--imagine-record` says so and the test passes."""
    from imagine.server.recording import Cassette

    path = _cassette_path(request)
    mode: Mode = imagine_cassette_options.get("mode") or cast("Mode", request.config.getoption("--imagine-record"))
    if mode == "none" and not path.exists():
        command = f"pytest '{request.node.nodeid}' --imagine-record=once"
        pytest.fail(f"There is no cassette {path}: record it with `{command}`", pytrace=False)
    options: CassetteOptions = {**imagine_cassette_options, "mode": mode}
    cassette, failed_before = Cassette(path, **options), request.session.testsfailed
    with closing(cassette.start()):
        yield cassette
    if request.session.testsfailed == failed_before:
        cassette.finish()


@pytest.fixture
def imagine_client(request: pytest.FixtureRequest) -> Iterator[ImagineClient]:
    """Make a client of the test's cassette, or else of its server."""
    from imagine.client import ImagineClient

    place = _place(request)
    with ImagineClient(place.endpoint, place.api_key, proxy=False) as client:
        yield client


@pytest.fixture
def imagine_async_client(request: pytest.FixtureRequest) -> Iterator[ImagineAsyncClient]:
    """Make an async client of the test's cassette, or else of its server; every plugin for async tests can use it."""
    from imagine.async_client import ImagineAsyncClient

    place = _place(request)
    client = ImagineAsyncClient(place.endpoint, place.api_key, proxy=False)
    yield client
    _close(client)


def _place(request: pytest.FixtureRequest) -> LocalServer | Cassette:
    name = "imagine_cassette" if "imagine_cassette" in request.fixturenames else "imagine_server"
    place: LocalServer | Cassette = request.getfixturevalue(name)
    return place


def _close(client: ImagineAsyncClient) -> None:
    """Close a client from a loop of its own, in a thread of its own: the one that runs here is somebody else's."""
    import asyncio
    from threading import Thread

    thread = Thread(target=lambda: asyncio.run(client.close()), name="imagine-close")
    thread.start()
    thread.join()


def _cassette_path(request: pytest.FixtureRequest) -> Path:
    """Return `cassettes/MODULE/TEST.json` beside the module; of parameters, a slug and a digest."""
    test, _, parameters = request.node.name.removesuffix("]").partition("[")
    if isinstance(request.node.parent, pytest.Class):
        test = f"{request.node.parent.name}.{test}"
    if parameters:
        slug = re.sub(r"[^A-Za-z0-9]+", "-", parameters).strip("-")[:40]
        test += f"-{slug}-{hashlib.sha256(parameters.encode()).hexdigest()[:8]}"
    return request.path.parent / "cassettes" / request.path.stem / f"{test}.json"
