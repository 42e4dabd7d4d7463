"""Fuzz one target with atheris, guided by coverage: `python tests/fuzz/run.py sse --seconds 600`.

It starts from the inputs in `corpus/TARGET`. Inputs that cover more go to `build/fuzz/TARGET`; one that fails goes to
`build/fuzz/TARGET-crash-…`, and the status is not 0. `--keep` looks no further, but takes into the corpus what covers
more than the corpus does. Flags of libFuzzer may follow.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atheris
from targets import NAMES, corpus, target

FOUND = Path("build/fuzz")
LIMITS = ("-max_len=1024", "-timeout=10", "-print_final_stats=1")


def main() -> None:
    """Run the command; atheris ends the process."""
    options, flags = _parser().parse_known_args()
    with atheris.instrument_imports(include=["imagine", "email"]):
        fuzzed = target(options.target)
    found, kept = FOUND / options.target, corpus(options.target)
    found.mkdir(parents=True, exist_ok=True)
    dictionary = found.with_suffix(".dict")
    dictionary.write_text("".join(map(_entry, fuzzed.PIECES)))
    purpose = (
        ["-set_cover_merge=1", kept, found] if options.keep else [f"-max_total_time={options.seconds}", found, kept]
    )
    # libFuzzer runs a merge in further processes: it starts them by the first word, and adds flags of its own.
    command = f"{sys.executable} {__file__} {options.target}"
    places = [f"-dict={dictionary}", f"-artifact_prefix={found}-", *map(str, purpose)]
    atheris.Setup([command, *LIMITS, *flags, *places], fuzzed.fuzz)
    atheris.Fuzz()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=int, default=600, help="how long to look (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="look no further, but keep what was found")
    return parser


def _entry(piece: bytes) -> str:
    """Write a line of libFuzzer's dictionary."""
    return '"' + "".join(f"\\x{byte:02x}" for byte in piece) + '"\n'


if __name__ == "__main__":
    main()
