"""Charts of a run: how fast each client is in each case, and what scaling costs."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.clients import CLIENTS
from benchmarks.report import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from benchmarks.cases import Case
    from benchmarks.report import Results

__all__ = ["draw"]

COLOURS = {
    "ours": "#1f6feb",
    "floor": "#8c959f",
    "speedups": "#79b8ff",
    "incumbent": "#d4a72c",
    "openai": "#57ab5a",
    "mistralai": "#e5534b",
}
PANELS_IN_A_ROW = 3


def draw(results: Results, folder: Path) -> None:
    """Write `speed.svg` and, where curves were measured, `scaling.svg`."""
    mpl.rcParams.update(
        {"svg.hashsalt": "imagine", "font.size": 8, "axes.spines.top": False, "axes.spines.right": False}
    )
    rates = [case for case in results.cases() if case.metric == "rate" and not case.curve]
    curves = list(dict.fromkeys(case.curve for case in results.cases() if case.curve))
    if rates:
        figure, panels = _panels(len(rates))
        for case, axes in zip(rates, panels, strict=False):
            _bars(axes, results, case)
        _save(figure, folder / "speed.svg")
    if curves:
        figure, panels = _panels(len(curves))
        for family, axes in zip(curves, panels, strict=False):
            _curve(axes, results, family)
        _save(figure, folder / "scaling.svg")


def _panels(count: int) -> tuple[Figure, Sequence[Axes]]:
    rows = -(-count // PANELS_IN_A_ROW)
    figure = Figure(figsize=(11, 2.1 * rows), layout="constrained")
    return figure, [figure.add_subplot(rows, PANELS_IN_A_ROW, place + 1) for place in range(count)]


def _bars(axes: Axes, results: Results, case: Case) -> None:
    # Not asyncio alone: it waits for the server most of the time, and a rate says nothing about it.
    drawn = [name for name in case.clients if name != "asyncio"]
    known = {name: spread for name in drawn if (spread := results.spread(case, name, "rate"))}
    names = list(reversed(known))
    rates = [known[name].median for name in names]
    bars = axes.barh([CLIENTS[name].title for name in names], rates, color=[COLOURS[name] for name in names])
    axes.bar_label(bars, [f" {shown(rate)}" for rate in rates], fontsize=7)
    axes.set_title(fill(f"{case.title}: {case.unit}s per second", 36), fontsize=8, loc="left")
    axes.set_xlim(0, max(rates) * 1.25)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)


def _curve(axes: Axes, results: Results, family: str) -> None:
    points = sorted((case for case in results.cases() if case.curve == family), key=lambda case: case.n)
    for client in ("floor", "ours"):
        known = [(case.n, cpu.median) for case in points if (cpu := results.spread(case, client, "cpu"))]
        axes.plot(*zip(*known, strict=True), marker="o", color=COLOURS[client], label=CLIENTS[client].title)
    axes.set_title(f"{family}: CPU µs per {points[0].unit}", fontsize=8, loc="left")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=7)


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
