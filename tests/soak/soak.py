"""Soak test: rounds of many streams at once with faults at random, after each of which nothing may be left behind.

`python tests/soak/soak.py` starts the local server in a process of its own, so that what is measured is the client
alone. It prints a line for each round and a verdict; the exit status is 0 where every stream ended with its whole text
or an error of ours, all was back to the start after each round, and memory did not grow.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from typing import TYPE_CHECKING

from footprint import footprint, memory, settled
from load import PROMPTS, Load, ask, client_of
from serving import allow_open_files, serving

if TYPE_CHECKING:
    from load import Outcome

MOST_GROWTH = 20.0
"""Megabytes that the memory may grow by from the first round to the last."""


def main() -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args()
    allow_open_files()
    logging.disable(logging.WARNING)  # retries are what the faults ask for
    print(f"{options.rounds} rounds of {options.seconds:g} s, {options.streams} streams at once, seed {options.seed}")
    with serving("--tokens-per-second", str(options.tokens_per_second)) as server:
        complaints = asyncio.run(_soak(server.endpoint, options))
    print("\n".join(complaints) or "nothing was lost, nothing is left")
    return 1 if complaints else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=10, help="how many rounds (default: %(default)s)")
    add("--seconds", type=float, default=6.0, help="how long streams are begun in each (default: %(default)s)")
    add("--streams", type=int, default=1000, help="how many are kept in flight (default: %(default)s)")
    add("--tokens-per-second", type=float, default=5.0, help="pace of a stream (default: %(default)s)")
    add("--seed", type=int, default=random.randrange(10**6), help="of the prompts and faults (default: random)")
    return parser


async def _soak(endpoint: str, options: argparse.Namespace) -> list[str]:
    """Run all rounds and return what is wrong."""
    load = Load(endpoint, await _texts(endpoint), random.Random(options.seed))
    start, sizes, complaints = footprint(), list[float](), list[str]()
    for number in range(1, options.rounds + 1):
        began = time.monotonic()
        outcome = await load.run(options.streams, options.seconds)
        seconds = time.monotonic() - began
        left = await settled(start)
        sizes.append(memory())
        print(f"round {number}: {_line(outcome, seconds)}; then {left}, RSS {sizes[-1]:.1f} MB", flush=True)
        if outcome.slots or left != start:
            complaints.append(f"after round {number}: slots {outcome.slots}, {left}; at the start: {start}")
    if sizes[-1] - sizes[0] >= MOST_GROWTH:
        complaints.append(f"memory grew by {sizes[-1] - sizes[0]:.1f} MB")
    return complaints


async def _texts(endpoint: str) -> dict[str, str]:
    """Ask for the text to each prompt once, which also loads all that stays loaded."""
    async with client_of(endpoint) as client:
        streams = [ask(client, prompt) for prompt in PROMPTS]
        await asyncio.gather(*(stream.final() for stream in streams))
    return {prompt: stream.text for prompt, stream in zip(PROMPTS, streams, strict=True)}


def _line(outcome: Outcome, seconds: float) -> str:
    ends = ", ".join(f"{count} {end}" for end, count in outcome.ends.most_common())
    return f"{outcome.ends.total()} streams in {seconds:.1f} s ({ends}); slots {outcome.slots}"


if __name__ == "__main__":
    sys.exit(main())
