"""What importing the kit costs, and the kit without pytest."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"aiohttp", "anyio", "asyncio", "msgspec", "tenacity", "imagine.server", "imagine.async_client"}


def run(code):
    """Run a program that treats warnings as errors, and return what it prints."""
    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.parametrize("loaded", ["import imagine.testing", "from imagine import testing; dir(testing)"])
def test_the_plugin_loads_nothing_but_pytest(loaded):
    """Every pytest run of an environment imports it: not even asyncio comes with it."""
    code = f"import sys, pytest; before = set(sys.modules); {loaded}; print(*(set(sys.modules) - before))"
    new = set(run(code).split())
    assert not HEAVY & new
    assert {name.partition(".")[0] for name in new} <= {"imagine", "hashlib", "_hashlib", "_blake2"}


def test_the_kit_works_without_pytest():
    """Code of unittest uses the server and cassettes as contexts, where pytest is not even installed."""
    code = """
import sys
sys.modules["pytest"] = None
import tempfile, unittest
from imagine import ImagineClient
from imagine.testing import Cassette, LocalServer, Reply

HELLO = [{"role": "user", "content": "How do networks work?"}]

class TestGreeting(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(LocalServer())
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.cassette = f"{folder}/greeting.json"

    def greet(self, place):
        with ImagineClient(place.endpoint, place.api_key, proxy=False) as client:
            return client.chat(HELLO).first_content

    def test_scripted(self):
        self.server.chat.replies(Reply("Good morning"))
        self.assertEqual(self.greet(self.server), "Good morning")

    def test_recorded(self):
        self.server.chat.replies("Good night")
        with Cassette(self.cassette, "once", self.server.endpoint, self.server.api_key) as cassette:
            self.assertEqual(self.greet(cassette), "Good night")
        with Cassette(self.cassette) as cassette:
            self.assertEqual(self.greet(cassette), "Good night")

unittest.main(argv=["kit"])
"""
    run(code)


def test_an_unknown_name_is_told():
    """A name that the kit does not have is an AttributeError as usual."""
    import imagine.testing

    with pytest.raises(AttributeError, match=r"module 'imagine\.testing' has no attribute 'Replies'"):
        _ = imagine.testing.Replies
