"""The fuzz targets in short: the inputs that are kept, and some changed at random; `make fuzz` looks on from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets import NAMES, corpus, target

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject, SearchStrategy


# Loaded now: one of them brings property tests along, which hypothesis forbids to define while it runs others.
TARGETS = {name: target(name) for name in NAMES}


def inputs(name: str) -> list[bytes]:
    """The inputs kept for a target."""
    return [path.read_bytes() for path in sorted(corpus(name).iterdir())]


def changes(name: str) -> SearchStrategy[list[tuple[int, int, bytes]]]:
    """Where to change an input, how many bytes to take out there, and what to put in."""
    piece = st.sampled_from(TARGETS[name].PIECES) | st.binary(max_size=4)
    return st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 20), piece), min_size=1, max_size=6)


@pytest.mark.parametrize("name", NAMES)
def test_every_kept_input_passes(name: str) -> None:
    """What once was worth keeping goes well, former findings among it."""
    for data in inputs(name):
        TARGETS[name].fuzz(data)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=200)
@given(data=st.data())
def test_changed_inputs_pass(name: str, data: DataObject) -> None:
    """Inputs with pieces of their kind put in, or bytes taken out, go well too."""
    changed = data.draw(st.sampled_from(inputs(name)))
    for place, removed, piece in data.draw(changes(name)):
        at = place % (len(changed) + 1)
        changed = changed[:at] + piece + changed[at + removed :]
    TARGETS[name].fuzz(changed)
