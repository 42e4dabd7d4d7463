"""Each row of the fault table through each client, and the table itself."""

from __future__ import annotations

import pytest

from faults.outcome import answer, failure
from faults.places import faulty
from faults.row import Row, play
from faults.table import SECTIONS, report

pytestmark = pytest.mark.anyio


def _marks(row):
    missing = [pytest.mark.skip(f"{row.missing} is not installed")] if row.missing else []
    return [*missing, pytest.mark.alone] if row.fault.startswith("limit_req") else missing  # a rate by nginx's clock


ROWS = [
    pytest.param(row, id=f"{section}: {row.fault}", marks=_marks(row))
    for section, rows in SECTIONS.items()
    for row in rows
]


@pytest.mark.parametrize("row", ROWS)
async def test_a_fault_shows_as_expected(row, face):
    """What the user of a client sees of a fault is what its row says."""
    result = await play(row, face)
    assert result.seen == row.expected.words


async def test_the_table_tells_what_failed_and_what_was_skipped():
    """A row whose expectation is not met is shown with what was seen; a skipped one is told and not counted."""
    refused = faulty("status;code=404")
    rows = [
        Row("as expected", refused, failure("APINotFound", sends=1)),
        Row("not as expected", refused, answer()),
        Row("too early", refused, failure("APINotFound"), due=5.0),
        Row("not playable", refused, answer(), missing="a program"),
    ]
    lines = []
    assert not await report({"Section": rows}, lines.append)
    text = "\n".join(lines)
    assert "async: APINotFound\n    blocking: APINotFound\n" in text
    assert "async: APINotFound, after 0." in text
    assert text.count("FAILED") == 4
    assert text.endswith("1 skipped: a program is not installed\n1 of 3")
