"""Compare with the libraries above a call: `python -m benchmarks.above [--quick]`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from platform import python_version

from benchmarks.above.rows import rows
from benchmarks.above.samples import readings, samples, server
from benchmarks.above.tables import document
from benchmarks.run import machine

RESULTS = Path(__file__).parents[1] / "results"


def main() -> None:
    """Take the samples, print the tables, and write them with the samples to a folder."""
    arguments = parsed()
    turns, scale = (1, 0.02) if arguments.quick else (arguments.turns, 1.0)
    known = rows()
    with server() as place:
        taken = list(samples(place, turns, scale, arguments.ours))
        read = readings(place, known, arguments.ours)
    in_part = arguments.quick or arguments.ours
    folder = arguments.out or (RESULTS / "part" if in_part else RESULTS)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {"samples": [sample._asdict() for sample in taken], "readings": read}
    (folder / "above.json").write_text(json.dumps(kept, indent=1))
    report = f"{machine()}, Python {python_version()}; {turns} turns.\n\n{document(taken, known, read)}"
    (folder / "above.md").write_text(report)
    print(report)


def parsed() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.above", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="short samples, one of each")
    parser.add_argument("--ours", action="store_true", help="without the other libraries")
    parser.add_argument("--turns", type=int, default=5, help="samples of each library")
    parser.add_argument("--out", type=Path, help="folder of the results")
    return parser.parse_args()


if __name__ == "__main__":
    main()
