"""Examples in docstrings: a block `Examples:` in blocking words, run against a local server."""

from __future__ import annotations

import doctest
import inspect

import pytest

import imagine
from imagine import ImagineClient

FINDER = doctest.DocTestFinder(exclude_empty=True, recurse=False)


def examples():
    """The examples of every public class, and of its own methods."""
    for name in sorted(set(imagine.__all__) - {"__version__", "ImagineAsyncClient"}):
        found = getattr(imagine, name)
        documented = {name: found, **{f"{name}.{part}": value for part, value in vars(found).items()}}
        for path, value in documented.items():
            if inspect.isroutine(value) or inspect.isclass(value):
                yield from FINDER.find(value, path, globs={})


EXAMPLES = {test.name: test for test in examples() if test.examples}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_of_a_docstring_run(name, server):
    """Each shows what comes of it; `client` and `server` are there already."""
    said = []
    test = EXAMPLES[name]
    with ImagineClient(server.endpoint, server.api_key) as client:
        test.globs = {"client": client, "server": server}
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append, clear_globs=False)
    assert not said, "".join(said)


def test_there_are_examples():
    """What most people begin with has one."""
    wanted = {"ImagineClient.chat", "ImagineClient.chat_stream", "ImagineClient.embeddings", "Timeout", "RateLimit"}
    assert wanted <= set(EXAMPLES)
