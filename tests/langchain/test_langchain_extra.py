"""The room of the extra `langchain`, and who pays for it."""

from __future__ import annotations

import doctest
import subprocess
import sys

import pytest

import imagine.langchain


def run(code):
    """Run a program, and return what it printed."""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout.strip()


def test_without_the_extra_it_says_what_to_install():
    """The error is an ImportError and one of ours."""
    code = (
        "import sys; sys.modules['langchain_core'] = None\n"
        "try: import imagine.langchain\nexcept ImportError as e: print(e)"
    )
    assert run(code) == "this part of imagine needs more packages: pip install 'imagine-aio[langchain]'"


def test_it_is_imported_when_it_is_asked_for():
    """The package and its clients import nothing of LangChain, and this room no aiohttp before the first call."""
    code = "import sys, imagine; imagine.ImagineClient; print([n for n in sys.modules if 'langchain' in n])"
    assert run(code) == "[]"
    assert run("import sys, imagine.langchain; print('aiohttp' in sys.modules)") == "False"


@pytest.mark.usefixtures("imagine_environment")
def test_the_page_runs():
    """What the page of the room shows is what comes of it."""
    said = []
    page = doctest.DocTestParser().get_doctest(imagine.langchain.__doc__, {}, "imagine.langchain", None, 0)
    doctest.DocTestRunner().run(page, out=said.append)
    assert not said, "".join(said)
