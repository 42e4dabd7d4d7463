"""Tool calls in pieces: however they are cut and whatever the service's habit, the same calls come of them."""

from __future__ import annotations

import json
from typing import Any

from choices import PIECES, Choices
from test_folding import HABITS, all_at_zero, folded, without_index

__all__ = ["PIECES", "fuzz"]

NAMES = ["look", "count", "lookup", "f"]
ONE_AFTER_THE_OTHER = (all_at_zero, without_index)
"""Habits that leave nothing to tell the pieces of two calls apart where these alternate."""


def fuzz(data: bytes) -> None:
    """Let the bytes choose a habit, some calls, where each is cut, and in which order the pieces come."""
    choices = Choices(data)
    habit = choices.one_of(HABITS)
    wanted, calls = [], list[list[dict[str, Any]]]()
    for number in range(1 + choices.number(3)):
        name = choices.one_of(NAMES)
        arguments = json.dumps(choices.json_object(), ensure_ascii=choices.number(1) == 0)
        wanted.append((f"c{number}", name, arguments))
        calls.append(habit(number, f"c{number}", name, choices.cut(arguments)))
    may_alternate = habit not in ONE_AFTER_THE_OTHER and choices.number(1) == 1
    pieces = []
    while left := [call for call in calls if call]:
        pieces.append((choices.one_of(left) if may_alternate else left[0]).pop(0))
    assert sorted(folded(*pieces)) == wanted
