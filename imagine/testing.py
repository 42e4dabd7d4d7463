"""pytest fixtures that run the local server for a test suite.

Put `pytest_plugins = ["imagine.testing"]` into the top `conftest.py`. Then each test that asks for `imagine_server` has
a server of its own, with nothing in its history, its quotas or its script of faults; it starts in a few milliseconds::

    def test_my_app_survives_a_cut_stream(imagine_server):
        imagine_server.faults.script(["cut-stream;after=2"])
        answer = my_app.ask("Hello", endpoint=imagine_server.endpoint, api_key=imagine_server.api_key)
        assert answer.incomplete

`imagine_environment` sets the variables that clients made without arguments read. Define a fixture
`imagine_server_options` to set the server up otherwise; its scope, and those of the others, is one test.
"""

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
