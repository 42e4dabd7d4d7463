"""The pytest fixtures for users' test suites."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from imagine.server import LocalServer, ServerOptions


@pytest.fixture
def imagine_server_options() -> ServerOptions:
    return {"api_key": "chosen"}


def test_the_server_takes_the_options_of_its_fixture(imagine_server: LocalServer) -> None:
    """A suite that overrides `imagine_server_options` gets its server that way, started."""
    assert imagine_server.api_key == "chosen"
    assert imagine_server.port > 0


def test_the_environment_points_to_the_server(imagine_environment: LocalServer) -> None:
    """Clients made without arguments find the server, and no proxy on the way."""
    assert os.environ["IMAGINE_API_ENDPOINT"] == imagine_environment.endpoint
    assert os.environ["IMAGINE_API_KEY"] == "chosen"
    assert "IMAGINE_API_PROXY" not in os.environ
