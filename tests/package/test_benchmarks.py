"""The benchmarks still run: every case in a tiny size, by our client and by the floor; no time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.cases import CASES, Effort
from benchmarks.imports import STATEMENTS
from benchmarks.processes import fresh_sample, server
from benchmarks.report import Results, curves, verdicts
from benchmarks.run import Sample
from benchmarks.worker import sample

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the benchmarks need sock_diag and /proc")

TINY = Effort(seconds=0, scale=0.001)
HERE = ("ours", "floor", "asyncio")


@pytest.fixture(scope="module")
def port():
    with server() as listening:
        yield listening


@pytest.mark.parametrize(
    ("name", "client"),
    [
        (case.name, client)
        for case in CASES.values()
        if case.work != "import"
        for client in case.clients
        if client in HERE
    ],
)
def test_each_case_runs(name, client, port):
    """Each case does its work, checks that all came that was sent, and gives the figure that it is judged by."""
    assert CASES[name].metric in sample(CASES[name], client, port, TINY)


@pytest.mark.parametrize("name", ["import-dto", "import-client"])
@pytest.mark.parametrize("client", ["ours", "floor"])
def test_imports_are_timed_in_a_fresh_interpreter(name, client):
    """Nothing is loaded before the statement but what an interpreter starts with."""
    assert (name, client) in STATEMENTS
    assert fresh_sample(CASES[name], client, 0, TINY)["time"] > 0


@pytest.mark.parametrize(("plan", "per_read"), [("stream-64", 64), ("stream-1", 1)])
def test_events_per_read_are_what_the_case_says(plan, per_read, port):
    """A chunk is written once the one before was read, so that reads do not coalesce."""
    assert sample(CASES[plan], "floor", port, TINY)["units_per_read"] == pytest.approx(per_read, rel=0.1)


def test_a_run_prints_its_table_and_keeps_its_samples(tmp_path):
    """A run takes turns between clients, each sample in a fresh process, and writes all it measured."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--turns", "1", "--case", "idle", "--out", str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "an open stream that is silent" in ran.stdout
    assert ran.stdout.strip() == (tmp_path / "table.md").read_text().strip()
    kept = json.loads((tmp_path / "samples.json").read_text())
    assert [(taken["column"], taken["turn"]) for taken in kept["samples"]] == [("ours", 0), ("floor", 0)]


def rates(case, **columns):
    return Results(
        Sample(case, column, turn, {"rate": rate, "cpu": 1e6 / rate})
        for column, turns in columns.items()
        for turn, rate in enumerate(turns)
    )


def test_a_ratio_is_the_median_of_the_ratios_of_the_turns():
    """What slows the machine down for one turn slows both clients down, and does not move the ratio."""
    results = rates("chat-1", ours=[80.0, 8.0, 90.0], floor=[100.0, 10.0, 100.0])
    assert results.ratio(CASES["chat-1"], "floor", "rate") == pytest.approx((0.8, 0.8, 0.9))


def test_a_budget_is_met_or_not():
    """A verdict names the bound, and for a rival what the floor reaches, beyond which nobody gets."""
    results = rates("chat-1", ours=[80.0], floor=[100.0], openai=[20.0])
    judged = {column: str(verdict) for column, verdict in verdicts(results, CASES["chat-1"]).items()}
    assert judged == {
        "floor": "≥ 0.8 met",
        "openai": "≥ 6 **not met** (floor 5 CPU 5)",
    }


def test_a_cost_in_proportion_has_the_exponent_1():
    """The exponent of a curve is that of the whole cost over the size."""
    costs = {"embeddings-1": 5.0, "embeddings-10": 50.0, "embeddings-100": 500.0}
    results = Results(Sample(name, "ours", 0, {"cpu": cost}) for name, cost in costs.items())
    assert "ours with the exponent 1.00, at the end 1.00." in curves(results)[0]
