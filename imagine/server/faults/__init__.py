"""Faults on demand: what a service, its gateway or the network in between can do wrong, by name.

A request asks for one in its header `X-Imagine-Fault: cut-stream;after=2`, or `server.faults.script([...])` queues
them for the next requests. `python -m imagine.server --help-faults` prints the table. Each fault is one function in
`answers`, `connections`, `framings`, `contents`, `reports`, `tool_calls` or `wholes`: its name, docstring and defaults
are what the table shows.
"""

from __future__ import annotations

from imagine.server.faults import answers, connections, contents, framings, reports, tool_calls, wholes
from imagine.server.faults.exchange import Exchange
from imagine.server.faults.script import FaultScript, Raw
from imagine.server.faults.table import FAULTS, Fault, Playable, describe, parse
from imagine.server.faults.wire import Sent, Wire

__all__ = [
    "FAULTS",
    "Exchange",
    "Fault",
    "FaultScript",
    "Playable",
    "Raw",
    "Sent",
    "Wire",
    "answers",
    "connections",
    "contents",
    "describe",
    "framings",
    "parse",
    "reports",
    "tool_calls",
    "wholes",
]
