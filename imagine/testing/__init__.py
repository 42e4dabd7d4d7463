"""A test kit: a local server whose replies a test scripts, and cassettes of what a real service answered.

pytest finds it by itself; `pytest_plugins = ["imagine.testing"]` in a `conftest.py` does no harm. Each test that asks
for `imagine_server` has a server of its own, which starts in a few milliseconds::

    def test_my_app_greets(imagine_server, imagine_client):
        imagine_server.chat.replies("Good morning")
        assert my_app.greet(imagine_client) == "Good morning"
        assert imagine_server.chat.last.messages[-1].content == "Greet me"

Replies that are left over, and requests for which none was scripted, fail the test. `imagine_server.faults` and
`Reply(fault=…)` let things go wrong. A test that asks for `imagine_cassette` replays what
`pytest --imagine-record=once` has recorded from the service that IMAGINE_API_ENDPOINT and IMAGINE_API_KEY name.

- `imagine_server`: a `LocalServer`; define a fixture `imagine_server_options` to set it up otherwise.
- `imagine_cassette`: a `Cassette`, in `cassettes/MODULE/TEST.json`; its options are `imagine_cassette_options`.
- `imagine_client`, `imagine_async_client`: clients of the cassette where the test asks for one, else of the server.
- `imagine_environment`: the server, with the variables set that clients made without arguments read.

The scope of all of them is one test. Without pytest, `LocalServer` and `Cassette` are contexts::

    class TestGreeting(unittest.TestCase):
        def setUp(self):
            self.server = self.enterContext(LocalServer())
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imagine.server import LocalServer, Reply, ServerOptions
    from imagine.server.recording import Cassette, CassetteOptions

# Every pytest run of an environment imports this module: it loads nothing that pytest has not loaded already.
if find_spec("pytest") is not None:
    from imagine.testing.fixtures import (
        imagine_async_client,
        imagine_cassette,
        imagine_cassette_options,
        imagine_client,
        imagine_environment,
        imagine_server,
        imagine_server_options,
        pytest_addoption,
    )

__all__ = [
    "Cassette",
    "CassetteOptions",
    "LocalServer",
    "Reply",
    "ServerOptions",
    "imagine_async_client",
    "imagine_cassette",
    "imagine_cassette_options",
    "imagine_client",
    "imagine_environment",
    "imagine_server",
    "imagine_server_options",
    "pytest_addoption",
]

_HOMES = {
    "Cassette": "imagine.server.recording",
    "CassetteOptions": "imagine.server.recording",
    "LocalServer": "imagine.server",
    "Reply": "imagine.server",
    "ServerOptions": "imagine.server",
}

if not TYPE_CHECKING:  # checkers would take any name for one that this function knows

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, getattr(import_module(_HOMES[name]), name))
