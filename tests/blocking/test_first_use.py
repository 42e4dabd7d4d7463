"""The imports of the first call, and what may come in their way."""

from __future__ import annotations

import sys

import pytest
from support.programs import run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, and bounds what a process may open")


@pytest.fixture(autouse=True)
def server(imagine_environment):
    """The server that programs call: its address is in their environment."""
    return imagine_environment


def test_a_child_forked_in_the_middle_of_the_imports_is_told(server):
    """Its parent's other thread never ends them there: a call says so, and waits for nothing."""
    ended = run(
        """
        import importlib.abc, importlib.machinery, warnings
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads
        importing, forked = threading.Event(), threading.Event()
        class Slow(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path, target=None):
                if name == "aiohttp":
                    spec = importlib.machinery.PathFinder.find_spec(name, path)
                    execute = spec.loader.exec_module
                    spec.loader.exec_module = lambda module: (importing.set(), forked.wait(), execute(module))
                    return spec
        sys.meta_path.insert(0, Slow())
        client = ImagineClient()
        other = threading.Thread(target=client.ping)
        other.start()
        importing.wait()
        if pid := os.fork():
            forked.set()
            os.waitpid(pid, 0)
            other.join()
            print(client.ping().message)
        else:
            try:
                client.ping()
            except ImagineException as error:
                print(error, flush=True)
            os._exit(0)
        """
    )
    assert ended.status == 0
    assert "forked while another thread was importing" in ended.printed[0]
    assert ended.printed[1] == "pong"


USE_UP = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
"""


@pytest.mark.parametrize(
    ("before", "told"),
    [("client.ping()", "no connection to 127.0.0.1:.*Too many open files"), ("", "Too many open files")],
    ids=["after the first call", "before it"],
)
def test_a_process_without_descriptors_is_told(server, before, told):
    """Where no file can be opened any more, a call says so; what it takes to say that is loaded."""
    ended = run(
        f"""
import re
client = ImagineClient(max_retries=0)
{before}
{USE_UP}
try:
    client.chat(HELLO)
except ImagineException as error:
    assert re.search({told!r}, str(error)), error
for descriptor in held:
    os.close(descriptor)
print(client.ping().message)
"""
    )
    assert (ended.status, ended.printed) == (0, ["pong"]), ended.errors
