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

from imagine.testing.fixtures import imagine_environment, imagine_server, imagine_server_options

__all__ = ["imagine_environment", "imagine_server", "imagine_server_options"]
