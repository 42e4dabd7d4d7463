"""What is printed: what the work costs, and how awkward answers are read."""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.above.columns import PARSING, TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.above.columns import Column, Table
    from benchmarks.above.rows import Row
    from benchmarks.above.samples import Sample

__all__ = ["document", "verdict"]

RIGHT, REFUSED, OTHER = "right", "refused", "another value"


def document(samples: Sequence[Sample], rows: Sequence[Row], readings: Mapping[str, Any]) -> str:
    """Return everything."""
    costs = [_costs(table, [sample for sample in samples if sample.table == table.title]) for table in TABLES]
    return "\n\n".join([*costs, _readings(rows, readings), *_misses(rows, readings)]) + "\n"


def verdict(row: Row, outcome: Sequence[Any]) -> str:
    """Judge what came of one answer: it is right to refuse what has no value."""
    came, value = outcome
    if not came:
        return REFUSED if row.has_value else RIGHT
    return RIGHT if row.has_value and value == row.value else OTHER


def _costs(table: Table, samples: Sequence[Sample]) -> str:
    lines = [
        f"### {table.title}",
        "",
        f"| library | ms of {table.unit} | × ours | CPU ms | × ours |",
        "|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *_cost_lines(table, samples)])


def _cost_lines(table: Table, samples: Sequence[Sample]) -> Iterator[str]:
    for column in table.columns:
        own = {sample.turn: sample.figures for sample in samples if sample.column == column.title}
        beside = _beside(table, column, samples)
        if not own:
            yield f"| {_title(column)} | – | – | – | – |"
            continue
        cells = [_cells(own, beside, wall=True), _cells(own, beside, wall=False)]
        yield f"| {_title(column)} | {' | '.join(cells)} |"


def _beside(table: Table, column: Column, samples: Sequence[Sample]) -> dict[int, Any]:
    title = column.beside or table.columns[0].title
    return {sample.turn: sample.figures for sample in samples if sample.column == title}


def _cells(own: Mapping[int, Any], beside: Mapping[int, Any], *, wall: bool) -> str:
    """Return the time, and how many times ours it is: the medians over the turns, so that a busy moment is nobody's."""
    costs = {turn: _milliseconds(figures, wall) for turn, figures in own.items()}
    ratios = [cost / _milliseconds(beside[turn], wall) for turn, cost in costs.items() if turn in beside]
    ratio = f"{median(ratios):.2g}" if ratios else "–"
    return f"{median(costs.values()):.3g} | {ratio}"


def _milliseconds(figures: Mapping[str, float], wall: bool) -> float:
    return 1e3 / figures["rate"] if wall else figures["cpu"] / 1e3


def _title(column: Column) -> str:
    version = (column.requirement or "").rpartition("==")[2]
    return f"{column.title} ({version})" if version else column.title


def _readings(rows: Sequence[Row], readings: Mapping[str, Any]) -> str:
    lines = [
        f"### {len(rows)} awkward answers",
        "",
        f"| library | {RIGHT} | of those that came as it asked | refused |",
    ]
    lines[-1] += " another value than the one in it |"
    columns = [column for column in PARSING.columns if column.title in readings]
    return "\n".join([*lines, "|---|---|---|---|---|", *(_reading(column, rows, readings) for column in columns)])


def _reading(column: Column, rows: Sequence[Row], readings: Mapping[str, Any]) -> str:
    judged = [verdict(row, outcome) for row, outcome in zip(rows, readings[column.title], strict=True)]
    counts = Counter(judged)
    as_asked = [said for row, said in zip(rows, judged, strict=True) if column.calls in (None, row.has_calls)]
    share = f"{as_asked.count(RIGHT)} of {len(as_asked)}"
    return f"| {_title(column)} | {counts[RIGHT]} | {share} | {counts[REFUSED]} | {counts[OTHER]} |"


def _misses(rows: Sequence[Row], readings: Mapping[str, Any]) -> Iterator[str]:
    for title, outcomes in readings.items():
        judged = [(row.name, verdict(row, outcome)) for row, outcome in zip(rows, outcomes, strict=True)]
        for said in (REFUSED, OTHER):
            if names := [name for name, one in judged if one == said]:
                yield f"{title}, {said}: {'; '.join(names)}."
