"""Samples into the table: medians, their spread, ratios, and which budgets are met."""

from __future__ import annotations

from collections import defaultdict
from math import log
from statistics import linear_regression, median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.cases import CASES, CURVES, METRICS
from benchmarks.clients import CLIENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.cases import Case
    from benchmarks.figures import Figures
    from benchmarks.run import Sample

__all__ = ["Results", "Spread", "curves", "document", "verdicts"]

MISSING = "-"


class Spread(NamedTuple):
    """The median of some figures, the least and the most."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        """Return the spread of at least one figure."""
        return cls(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        return f"{shown(self.median)} ({shown(self.least)} - {shown(self.most)})"


def shown(figure: float) -> str:
    """Return a figure with three digits, or all of its whole part."""
    return f"{figure:,.0f}" if abs(figure) >= 1000 else f"{figure:.3g}"


class Results:
    """The samples of a run, by case and column."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._turns: defaultdict[tuple[str, str], dict[int, Figures]] = defaultdict(dict)
        for sample in samples:
            self._turns[sample.case, sample.column][sample.turn] = sample.figures

    def columns(self, case: Case) -> list[str]:
        """Return what was measured in a case."""
        return [column for name, column in self._turns if name == case.name]

    def cases(self) -> list[Case]:
        """Return the cases that were measured, in their order."""
        measured = {name for name, _ in self._turns}
        return [case for name, case in CASES.items() if name in measured]

    def spread(self, case: Case, column: str, figure: str) -> Spread | None:
        """Return a figure of a column, None where it has none."""
        turns = self._turns.get((case.name, column), {})
        known = [figures[figure] for figures in turns.values() if figure in figures]
        return Spread.of(known) if known else None

    def ratio(self, case: Case, column: str, figure: str, of: str = "ours") -> Spread | None:
        """Return ours to another's, turn by turn: what disturbs the machine for a while disturbs both."""
        ours, theirs = self._turns.get((case.name, of), {}), self._turns.get((case.name, column), {})
        both = [turn for turn in ours if turn in theirs and figure in ours[turn] and theirs[turn].get(figure)]
        return Spread.of([ours[turn][figure] / theirs[turn][figure] for turn in both]) if both else None


class Verdict(NamedTuple):
    """A budget and what came of it."""

    figure: Spread
    bound: float
    at_least: bool
    limits: Sequence[str] = ()
    """What others reach against the same one: with less between, or on a faster loop."""

    @property
    def met(self) -> bool:
        """Whether the median keeps to the bound."""
        return self.figure.median >= self.bound if self.at_least else self.figure.median <= self.bound

    def __str__(self) -> str:
        bound = f"{'≥' if self.at_least else '≤'} {self.bound:g}"
        if self.met:
            return f"{bound} met"
        return f"{bound} **not met**" + (f" ({'; '.join(self.limits)})" if self.limits else "")


def verdicts(results: Results, case: Case) -> Mapping[str, Verdict]:
    """Return what came of a case's budgets, by column; that of its own figure is under `ours`."""
    at_least = METRICS[case.metric].more_is_better
    found: dict[str, Verdict] = {}
    for column, bound in case.budgets.items():
        if ratio := results.ratio(case, column, case.metric):
            found[column] = Verdict(ratio, bound, at_least, _limits(results, case, column))
    if case.most is not None and (own := results.spread(case, "ours", case.metric)):
        found["ours"] = Verdict(own, case.most, at_least)
    return found


def _limits(results: Results, case: Case, column: str) -> list[str]:
    return [
        f"{TITLES[limit]} {shown(ratio.median)}{_cpu(results, case, column, of=limit)}"
        for limit in LIMITS
        if limit != column and (ratio := results.ratio(case, column, case.metric, of=limit))
    ]


def _cpu(results: Results, case: Case, column: str, of: str = "ours") -> str:
    """Return the ratio of a rate in CPU time: what has to wait for the server costs none."""
    ratio = results.ratio(case, column, "cpu", of=of) if case.metric == "rate" else None
    return f" CPU {shown(1 / ratio.median)}" if ratio else ""


def document(results: Results, conditions: Mapping[str, str]) -> str:
    """Return the whole report as Markdown."""
    parts = [
        "\n".join(f"{name}: {value}  " for name, value in conditions.items()),
        "Ratios are ours to theirs, the median of the turns; in brackets the least and the most. The budget follows. "
        "`CPU` is the same ratio in CPU time, which a busy machine disturbs less.",
        _table(
            ["work", "imagine-aio", *(TITLES[name] for name in OTHERS)],
            [_ratios(results, case) for case in _rows(results)],
        ),
        "Each figure by itself: the median, in brackets the least and the most; CPU of all threads of the process.",
        _table(FIGURES, [row for case in results.cases() if case not in CURVES for row in _figures(results, case)]),
        *curves(results),
    ]
    return "\n\n".join(parts) + "\n"


TITLES = {"async": "our async client"} | {name: client.title for name, client in CLIENTS.items()}
LIMITS = ("speedups", "floor", "asyncio")
OTHERS = [name for name in TITLES if name != "ours"]


def _rows(results: Results) -> list[Case]:
    return [case for case in results.cases() if case.budgets or case.most is not None]


def _ratios(results: Results, case: Case) -> list[str]:
    judged = verdicts(results, case)
    own = f"{results.spread(case, 'ours', case.metric)} {METRICS[case.metric].unit} {judged.get('ours', '')}"
    return [case.title, own.rstrip(), *(_ratio(results, case, column, judged.get(column)) for column in OTHERS)]


def _ratio(results: Results, case: Case, column: str, verdict: Verdict | None) -> str:
    ratio = results.ratio(case, column, case.metric)
    if ratio is None:
        return MISSING
    return f"{ratio}{_cpu(results, case, column)} {verdict or ''}".rstrip()


FIGURES = ["work", "client", "figure", "CPU µs each", "CPU busy", "each per read"]


def _figures(results: Results, case: Case) -> list[list[str]]:
    metric = METRICS[case.metric]
    rows: list[list[str]] = []
    for column in results.columns(case):
        names = (case.metric, "cpu", "busy", "units_per_read")
        own, *rest = (results.spread(case, column, name) or MISSING for name in names)
        rows.append([case.title, TITLES[column], f"{metric.title} {own} {metric.unit}", *map(str, rest)])
    return rows


def curves(results: Results) -> list[str]:
    """Return a table for each curve, with its exponents: 1 is cost in proportion to size, less is fixed cost."""
    families = dict.fromkeys(case.curve for case in results.cases() if case.curve)
    return [part for family in families for part in _curve(results, family)]


def _curve(results: Results, family: str) -> list[str]:
    points = sorted((case for case in results.cases() if case.curve == family), key=lambda case: case.n)
    shown_figures = [
        (column, figure)
        for figure in CURVE_FIGURES
        for column in ("ours", "floor")
        if any(results.spread(case, column, figure) for case in points)
    ]
    rows = [
        [f"{case.n:,}", *(str(results.spread(case, column, figure) or MISSING) for column, figure in shown_figures)]
        for case in points
    ]
    heads = [family, *(f"{column}, {CURVE_FIGURES[figure]}" for column, figure in shown_figures)]
    grown = [_growth(results, points, column) for column in ("ours", "floor")]
    return [f"Growth of the CPU time with the {family}: {', '.join(filter(None, grown))}.", _table(heads, rows)]


CURVE_FIGURES = {"cpu": "CPU µs each", "p50": "p50 of the delay, ms", "p99": "p99 of the delay, ms"}


def _growth(results: Results, points: Sequence[Case], column: str) -> str:
    costs = [(case.n, _whole_cost(case, cpu)) for case in points if (cpu := results.spread(case, column, "cpu"))]
    if len(costs) < 2:
        return ""
    return f"{column} with the exponent {_exponent(costs):.2f}, at the end {_exponent(costs[-2:]):.2f}"


def _whole_cost(case: Case, cpu: Spread) -> float:
    """Return the CPU time of all there is: that of paced streams is told for one event of one of them."""
    return cpu.median * (case.n if case.work == "paced" else 1)


def _exponent(costs: Sequence[tuple[int, float]]) -> float:
    """Return the slope of the cost over the size, both as logarithms."""
    sizes, whole = zip(*costs, strict=True)
    return linear_regression([log(size) for size in sizes], [log(cost) for cost in whole]).slope


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
