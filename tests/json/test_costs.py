"""What hostile texts cost: twice the text, twice the steps."""

from __future__ import annotations

import sys
from contextlib import suppress

import pytest

from imagine._json.finding import found_json
from imagine._json.growing import Growing
from imagine._json.mending import mended
from imagine._json.seeking import Seeking

UNITS = [
    "{",
    "[",
    '{"',
    "{'",
    '{"a":',
    "[1,",
    "}{",
    '{"a":1}',
    "```",
    "{/*",
    "{#",
    "[ ",
    '\\"',
    '{"\\',
    '{"a": [}',
    "“[",
]


def grown(text):
    growing = Growing()
    for character in text:
        growing.feed(character)


def sought(text):
    seeking = Seeking(lists=True)
    for character in text:
        seeking.feed(character)


def steps(function, text):
    """Count the calls that a function makes, those of builtins too."""
    count = 0

    def note(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        with suppress(ValueError):
            function(text)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("function", [found_json, mended, grown, sought])
@pytest.mark.parametrize("unit", UNITS)
def test_steps_grow_with_the_text_alone(function, unit):
    """However brackets, quotes and comments are left open."""
    few, many = (steps(function, unit * times) for times in (500, 1000))
    assert many <= 2.1 * few + 50
