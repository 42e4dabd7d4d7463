"""Tracing as it is switched on, and what it costs while it is not."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pytest

import imagine.otel
from imagine import ImagineExtraMissing


@pytest.mark.parametrize("name", ["tracer_provider", "meter_provider", "capture_content"])
def test_what_cannot_be_used_is_refused(name):
    """The message names the argument."""
    with pytest.raises(TypeError, match=f"{name} must be a "):
        imagine.otel.instrument(**{name: "yes"})


def run(code):
    """Run a program, and return what it printed."""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=False)
    assert (ended.stderr, ended.returncode) == ("", 0)
    return ended.stdout.strip()


@pytest.mark.usefixtures("imagine_environment")
def test_without_it_nothing_is_imported():
    """A call of either client imports nothing of OpenTelemetry."""
    code = """
        import asyncio, sys
        from imagine import ImagineAsyncClient, ImagineClient
        async def ask():
            async with ImagineAsyncClient() as client:
                await client.embeddings("a")
        asyncio.run(ask())
        with ImagineClient() as client:
            client.chat_stream([{"role": "user", "content": "Hello"}]).final()
        print([name for name in sys.modules if "otel" in name or "opentelemetry" in name])
    """
    assert run("\n".join(line[8:] for line in code.splitlines())) == "[]"


def test_without_the_extra_it_says_what_to_install():
    """The error is an ImportError and one of ours."""
    code = (
        "import sys; sys.modules['opentelemetry'] = None\ntry: import imagine.otel\nexcept ImportError as e: print(e)"
    )
    assert run(code) == "this part of imagine needs more packages: pip install 'imagine-aio[otel]'"


def test_what_is_missing_is_told_in_another_process_too():
    """The error goes through pickle."""
    error = pickle.loads(pickle.dumps(ImagineExtraMissing("otel")))
    assert (error.extra, str(error)) == ("otel", str(ImagineExtraMissing("otel")))
