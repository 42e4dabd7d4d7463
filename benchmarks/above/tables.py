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

    Judged = Sequence[tuple[Row, str]]

__all__ = ["document", "verdict"]

RIGHT, REFUSED, OTHER = "right", "refused", "another value"
"""To refuse what has no value is right; a value that is read where there is none is another one."""


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
    ratio = _figure(median(ratios)) if ratios else "–"
    return f"{_figure(median(costs.values()))} | {ratio}"


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _milliseconds(figures: Mapping[str, float], wall: bool) -> float:
    return 1e3 / figures["rate"] if wall else figures["cpu"] / 1e3


def _title(column: Column) -> str:
    version = (column.requirement or "").rpartition("==")[2]
    return f"{column.title} ({version})" if version else column.title


def _readings(rows: Sequence[Row], readings: Mapping[str, Any]) -> str:
    values = sum(row.has_value for row in rows)
    heads = f"| library | values read, of {values} | {OTHER} | refusals, of {len(rows) - values} | right as asked |"
    columns = [column for column in PARSING.columns if column.title in readings]
    lines = [_reading(column, _judged(rows, readings[column.title])) for column in columns]
    return "\n".join([f"### {len(rows)} awkward answers", "", heads, "|---|---|---|---|---|", *lines])


def _reading(column: Column, judged: Judged) -> str:
    counts = Counter((row.has_value, said) for row, said in judged)
    others = counts[True, OTHER] + counts[False, OTHER]
    asked = [said for row, said in judged if _as_asked(column, row)]
    cells = (counts[True, RIGHT], others, counts[False, RIGHT], f"{asked.count(RIGHT)} of {len(asked)}")
    return f"| {_title(column)} | {' | '.join(map(str, cells))} |"


def _misses(rows: Sequence[Row], readings: Mapping[str, Any]) -> Iterator[str]:
    """Name the answers that came as a library asked and were not read, and all that it read another value from."""
    for column in PARSING.columns:
        judged = _judged(rows, readings.get(column.title, ()))
        yield from _named(
            f"{column.title} refuses",
            [row.name for row, said in judged if said == REFUSED and _as_asked(column, row)],
        )
        yield from _named(f"{column.title} reads {OTHER}", [row.name for row, said in judged if said == OTHER])


def _judged(rows: Sequence[Row], outcomes: Sequence[Any]) -> Judged:
    return [(row, verdict(row, outcome)) for row, outcome in zip(rows, outcomes, strict=False)]


def _as_asked(column: Column, row: Row) -> bool:
    """Tell whether a library asked for the very type, and was answered in the way that it asks in."""
    return row.is_model and column.calls in (None, row.has_calls)


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"{what}: {'; '.join(names)}."
