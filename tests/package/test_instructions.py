"""What an event and a chat cost in instructions, against the floor in the same run: no dearer than what was kept."""

from __future__ import annotations

import pytest

from benchmarks.instructions import counted, kept, python_minor, why_not

SLACK = 1.05
"""The Python, or a package underneath, may be another patch release than the one that the figures were kept on."""


@pytest.mark.timeout(180)
@pytest.mark.skipif(bool(why_not()), reason=why_not())
@pytest.mark.skipif(not kept(), reason=f"the kept figures are not those of {python_minor()}")
def test_an_event_and_a_chat_cost_no_more_than_was_kept():
    """The ratio to the floor is at most 5 % above the kept one; `make bench-instructions` shows the whole table."""
    before, now = kept(), counted(["event-64", "chat"])
    dearer = {name: (count.ratio, before[name].ratio) for name, count in now.items() if _is_dearer(count, before[name])}
    assert not dearer, f"ratio to the floor now, and as it was kept: {dearer}"


def _is_dearer(count, before):
    return count.ratio > before.ratio * SLACK
