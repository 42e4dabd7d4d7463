"""What is sent: arguments of any nesting read back as what Python says they are, or are refused where they stand."""

from __future__ import annotations

import json
from typing import Any

from choices import PIECES
from hypothesis import given
from test_sent_values_property import LEAVES, Case, nested, spoilt

from imagine._plain import plain
from imagine._requests import encoded

__all__ = ["PIECES", "fuzz"]


@given(case=nested(LEAVES), bad=spoilt())
def check(case: Case, bad: Any) -> None:
    """What has a form in JSON is written as that; what has none is refused by name."""
    written = encoded(None, {"x": plain(case.given, "x")})
    assert written is not None
    assert json.loads(written) == {"x": case.plain}
    try:
        plain(bad, "x")
    except (TypeError, ValueError) as refusal:
        assert str(refusal).startswith(("x", "a key of x"))
    else:
        raise AssertionError(f"{bad!r} is taken")


def fuzz(data: bytes) -> None:
    """Let the bytes choose the values."""
    check.hypothesis.fuzz_one_input(data)  # type: ignore[attr-defined]
