"""The fixtures in suites of users: under pytest's plugins for async tests, under xdist, with warnings as errors."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tomllib
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
HAS_ASYNCIO = importlib.util.find_spec("pytest_asyncio") is not None
OF_ASYNCIO = " -o asyncio_default_fixture_loop_scope=function" if HAS_ASYNCIO else ""
"""Without it, pytest-asyncio warns in every run."""

HELLO = 'HELLO = [{"role": "user", "content": "How do networks work?"}]\n'
BLOCKING = """
def test_blocking(imagine_server, imagine_client):
    imagine_server.chat.replies("Good morning")
    assert imagine_client.chat(HELLO).first_content == "Good morning"
    assert imagine_server.chat.last.messages[-1].content == HELLO[-1]["content"]
"""
ASYNC = """
async def test_async(imagine_server, imagine_async_client):
    imagine_server.chat.replies("Good morning", "one two")
    assert (await imagine_async_client.chat(HELLO)).first_content == "Good morning"
    assert [chunk.first_content async for chunk in imagine_async_client.chat_stream(HELLO)] == ["one", " two", None]
"""
RECORDED = """
import pytest

@pytest.mark.parametrize("text", ["a b", "a-b"])
def test_recorded(imagine_cassette, imagine_client, text):
    assert imagine_client.embeddings(text).first_embedding

class TestOf:
    def test_recorded(self, imagine_cassette, imagine_client):
        assert imagine_client.embeddings("own").first_embedding
"""


@pytest.fixture
def suite(pytester, monkeypatch):
    """Runs pytest where the kit is installed: with its entry point, and with warnings as errors."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    points = pyproject["project"]["entry-points"]["pytest11"]
    installed = pytester.mkdir("kit-0.dist-info")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: kit\nVersion: 0\n")
    lines = [f"{name} = {module}\n" for name, module in points.items()]
    (installed / "entry_points.txt").write_text("".join(["[pytest11]\n", *lines]))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(pytester.path), str(ROOT)]))
    pytester.syspathinsert()
    addopts = f"-p no:randomly -p no:cacheprovider -p no:cov{OF_ASYNCIO}"
    pytester.makeini(f"[pytest]\nfilterwarnings = error\naddopts = {addopts}")

    def run(code, *arguments, apart=False):
        pytester.makepyfile(test_it=HELLO + code)
        return (pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess)(*arguments)

    return run


def test_the_fixtures_are_there_by_themselves(suite):
    """An installed kit needs no line in `conftest.py`."""
    suite(BLOCKING).assert_outcomes(passed=1)


def test_a_conftest_may_name_the_kit_besides(suite, pytester):
    """`pytest_plugins = ["imagine.testing"]` works beside the entry point."""
    pytester.makeconftest('pytest_plugins = ["imagine.testing"]')
    suite(BLOCKING).assert_outcomes(passed=1)


def test_the_kit_works_under_xdist(suite):
    """Each worker has its own servers."""
    pytest.importorskip("xdist")
    suite(BLOCKING + BLOCKING.replace("test_blocking", "test_other"), "-n", "2", apart=True).assert_outcomes(passed=2)


def test_async_tests_run_under_anyio(suite):
    """The async client connects in the test's loop, and is closed after that has ended."""
    code = ASYNC + "\nimport pytest\npytestmark = pytest.mark.anyio\n\n@pytest.fixture\ndef anyio_backend():\n"
    suite(code + '    return "asyncio"\n').assert_outcomes(passed=1)


@pytest.mark.skipif(not HAS_ASYNCIO, reason="needs pytest-asyncio")
@pytest.mark.parametrize("scope", ["function", "session"])
def test_async_tests_run_under_pytest_asyncio(suite, scope):
    """Also in a loop that goes on after the test."""
    options = ["-o", "asyncio_mode=auto", "-o", f"asyncio_default_test_loop_scope={scope}"]
    suite(ASYNC, *options).assert_outcomes(passed=1)


def test_replies_that_are_left_fail_the_test(suite):
    """So does a request without a reply, even where the code under test swallows the error."""
    code = """
def test_left(imagine_server):
    imagine_server.chat.replies("Good morning")

def test_unscripted(imagine_server, imagine_client):
    imagine_server.embeddings.replies([[1.0]])
    imagine_client.embeddings("one")
    try:
        imagine_client.embeddings("two")
    except Exception:
        pass
"""
    ran = suite(code)
    ran.assert_outcomes(passed=2, errors=2)
    ran.stdout.fnmatch_lines(["*server.chat has 1 of its replies left, which no request asked for: Reply(text='Good*"])
    ran.stdout.fnmatch_lines(['*server.embeddings has no reply for this request: all 1 are used up: {"input":"two"*'])


def test_the_options_of_the_server_choose_otherwise(suite):
    """A suite that overrides `imagine_server_options` may leave replies over."""
    code = """
import pytest

@pytest.fixture
def imagine_server_options():
    return {"left_over": "ignore"}

def test_left(imagine_server):
    imagine_server.chat.replies("Good morning")
"""
    suite(code).assert_outcomes(passed=1)


def test_cassettes_are_recorded_and_replayed(suite, server, pytester, monkeypatch):
    """Each test has a file of its own, which is replayed without the service."""
    missing = suite(RECORDED)
    missing.assert_outcomes(errors=3)
    missing.stdout.fnmatch_lines(
        ["*record it with `pytest 'test_it.py::TestOf::test_recorded' --imagine-record=once`*"]
    )
    monkeypatch.setenv("IMAGINE_API_ENDPOINT", server.endpoint)
    monkeypatch.setenv("IMAGINE_API_KEY", server.api_key)
    suite(RECORDED, "--imagine-record=once").assert_outcomes(passed=3)
    assert len(server.embeddings.requests) == 3
    monkeypatch.delenv("IMAGINE_API_ENDPOINT")
    suite(RECORDED).assert_outcomes(passed=3)
    names = {path.name for path in (pytester.path / "cassettes" / "test_it").iterdir()}
    digests = [hashlib.sha256(text.encode()).hexdigest()[:8] for text in ("a b", "a-b")]
    assert names == {"TestOf.test_recorded.json", *(f"test_recorded-a-b-{digest}.json" for digest in digests)}


def test_a_failed_test_records_nothing(suite, server, pytester, monkeypatch):
    """Nor does it spoil what is there; another one may be recorded in the same run."""
    monkeypatch.setenv("IMAGINE_API_ENDPOINT", server.endpoint)
    monkeypatch.setenv("IMAGINE_API_KEY", server.api_key)
    code = """
def test_failed(imagine_cassette, imagine_client):
    assert not imagine_client.embeddings("one")

def test_passed(imagine_cassette, imagine_client):
    assert imagine_client.embeddings("one")
"""
    suite(code, "--imagine-record=all").assert_outcomes(passed=1, failed=1)
    assert [path.name for path in pytester.path.rglob("*.json")] == ["test_passed.json"]


def test_the_options_of_the_cassette_are_a_fixture(suite, server, monkeypatch):
    """A suite that overrides `imagine_cassette_options` names its own service, speed or filters."""
    code = f"""
import pytest

@pytest.fixture
def imagine_cassette_options():
    return {{"mode": "once", "upstream": {server.endpoint!r}, "upstream_key": {server.api_key!r}, "speed": 0}}

def test_recorded(imagine_cassette, imagine_client):
    assert imagine_client.embeddings("one")
"""
    suite(code).assert_outcomes(passed=1)
    server.close()
    suite(code).assert_outcomes(passed=1)
