"""The fixtures: a local server for each test, and the environment that points to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imagine.server import LocalServer, ServerOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["imagine_environment", "imagine_server", "imagine_server_options"]


@pytest.fixture
def imagine_server_options() -> ServerOptions:
    """Options of the server, to be overridden: `return {"quotas": ["5/minute"]}`."""
    return {}


@pytest.fixture
def imagine_server(imagine_server_options: ServerOptions) -> Iterator[LocalServer]:
    """Run a local Imagine server for one test."""
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
