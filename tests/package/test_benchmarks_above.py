"""The comparisons above a call still run, with our own columns alone; no time is asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.above.columns import PARSING, TABLES
from benchmarks.above.rows import Row, rows
from benchmarks.above.tables import verdict

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need /proc")


def test_a_run_prints_its_tables(tmp_path):
    """A run takes samples of each table in fresh processes, and no awkward answer is misread by this package."""
    command = [sys.executable, "-m", "benchmarks.above", "--quick", "--ours", "--out", str(tmp_path)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"### {table.title}" in printed for table in TABLES)
    values = sum(row.has_value for row in rows())
    assert f"| {PARSING.columns[0].title} | {values} | 0 | {len(rows()) - values} |" in printed
    assert printed.strip() == (tmp_path / "above.md").read_text().strip()


@pytest.mark.parametrize(
    ("has_value", "outcome", "said"),
    [
        (True, [True, 1], "right"),
        (True, [True, 2], "another value"),
        (True, [False, "no JSON"], "refused"),
        (False, [False, "no JSON"], "right"),
        (False, [True, None], "another value"),
    ],
)
def test_a_reading_is_right_where_the_value_or_the_refusal_is(has_value, outcome, said):
    """To refuse is right where there is no value, and nowhere else."""
    assert verdict(Row("a", "int", has_value, 1 if has_value else None, False, False), outcome) == said
