"""Small programs in a process of their own, and how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import NamedTuple

PREAMBLE = """
import os, signal, sys, threading, time
from imagine import ImagineClient, ImagineException

HELLO = [{"role": "user", "content": "How do networks work?"}]
signal.signal(signal.SIGINT, signal.default_int_handler)  # where tests run in the background it is ignored
"""
STAMP = 'print("ended", time.monotonic(), flush=True)\n'
"""The last line of a program: the clock is the same in all processes."""

STRICT_WITH_LANGCHAIN = ("-W", "error", "-W", "ignore:Core Pydantic V1 functionality:UserWarning")
"""Warnings are errors, but for one that langchain-core's own imports give on Python 3.14."""


class Ended(NamedTuple):
    """How a program ended."""

    status: int
    printed: list[str]
    """Its lines, without the stamps."""
    errors: str
    """What it wrote to stderr."""
    seconds: float
    """How long it took from its last stamp to its end."""


class Program:
    """A program that runs; a context, so that none outlives its test."""

    def __init__(self, code, *flags):
        text = PREAMBLE + textwrap.dedent(code).strip() + "\n" + STAMP
        self._process = subprocess.Popen(
            [sys.executable, *flags, "-c", text],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.communicate()

    def interrupt(self):
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    def end(self):
        """Close its standard input and wait for its end."""
        printed, errors = self._process.communicate(timeout=30)
        now = time.monotonic()
        lines = printed.splitlines()
        stamps = [float(line.split()[1]) for line in lines if line.startswith("ended ")]
        others = [line for line in lines if not line.startswith("ended ")]
        return Ended(self._process.returncode, others, errors, now - stamps[-1] if stamps else 0.0)


def run(code, *flags):
    """Run a program to its end."""
    with Program(code, *flags) as program:
        return program.end()
