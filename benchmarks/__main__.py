"""Run the benchmarks: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.cases import CASES, CURVES, Effort
from benchmarks.clients import CLIENTS
from benchmarks.report import Results, document
from benchmarks.run import Sample, conditions, samples

RESULTS = Path(__file__).parent / "results"
FULL = Effort(seconds=1.0, scale=1.0)
QUICK = Effort(seconds=0.15, scale=0.1)


def main() -> None:
    """Take the samples, print the table, and write it with the samples and the charts to a folder."""
    arguments = parsed()
    effort = QUICK if arguments.quick else FULL
    turns = arguments.turns or (3 if arguments.quick else 5)
    clients = arguments.client or [name for name in CLIENTS if not (arguments.quick and name == "mistralai")]
    everything = [case for case in CASES.values() if not (arguments.quick and case in CURVES)]
    cases = [CASES[name] for name in arguments.case] or everything
    in_part = arguments.quick or arguments.case or arguments.client
    told = conditions(turns, effort)
    taken = list(samples(cases, turns, effort, clients))
    write(taken, told, arguments.out or (RESULTS / "part" if in_part else RESULTS))


def write(taken: list[Sample], told: dict[str, str], folder: Path) -> None:
    """Print the report of a run, and write it with all that it was made from."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"conditions": told, "samples": [sample._asdict() for sample in taken]}
    (folder / "samples.json").write_text(json.dumps(kept, indent=1))
    results = Results(taken)
    report = document(results, told)
    (folder / "table.md").write_text(report)
    print(report)
    try:
        from benchmarks.chart import draw
    except ModuleNotFoundError as missing:
        print(f"no charts: {missing}; pip install -e .[bench]", file=sys.stderr)
    else:
        draw(results, folder)


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short samples, without the curves and the slowest SDK")
    parser.add_argument("--case", action="append", choices=CASES, default=[], help="only this one; may be repeated")
    parser.add_argument("--client", action="append", choices=CLIENTS, default=[], help="only this one; may be repeated")
    parser.add_argument("--turns", type=int, help="samples of each client in each case")
    parser.add_argument("--out", type=Path, help="folder of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
