"""Load on the local server: short answers, many streams at once, and streams while its database is locked by another.

`python tests/soak/server.py` starts the server in a process of its own, asks it over raw sockets, and prints a line for
each part. The exit status is 0 where every answer came whole and the usage has counted each. The processor's time of
the server says more than answers a second where a machine is busy.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import psutil
from asking import asked, json_of, request
from serving import Serving, allow_open_files, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable

CHAT = {"model": "Llama-3.1-8B", "messages": [{"role": "user", "content": "What does a router do?"}], "max_tokens": 8}
LOCKED = 100
"""How many streams and answers meet the locked database: they begin within the five seconds that SQLite waits."""


def main() -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args()
    allow_open_files()
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "imagine.db")
        with serving("--db", str(database), "--tokens-per-second", "1") as server:
            return asyncio.run(ServerLoad(server, database).run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--answers", type=int, default=10_000, help="how many short answers (default: %(default)s)")
    add("--connections", type=int, default=32, help="over how many connections (default: %(default)s)")
    add("--streams", type=int, default=1000, help="how many streams at once (default: %(default)s)")
    return parser


class ServerLoad:
    """The parts, one after the other, against one server."""

    def __init__(self, server: Serving, database: Path) -> None:
        self._endpoint = server.endpoint
        self._process = psutil.Process(server.pid)
        self._database = database
        self._chat = request(self._endpoint, "chat/completions", CHAT)
        self._stream = request(self._endpoint, "chat/completions", {**CHAT, "stream": True})

    async def run(self, options: argparse.Namespace) -> int:
        """Run all parts, print what they show, and return the exit status; an answer that is not whole is raised."""
        each = -(-options.answers // options.connections)
        await self._answers(1, 1)  # what the first call alone has to make
        await self._measured("short answers", each * options.connections, self._answers(each, options.connections))
        await self._measured("streams at once", options.streams, self._streams(options.streams))
        await self._measured("streams and answers over a locked database", 2 * LOCKED, self._locked())
        expected = (1 + each * options.connections + options.streams + 2 * LOCKED) * CHAT["max_tokens"]
        counted = await self._counted()
        print("every answer came whole" if counted == expected else f"counted {counted} tokens, not {expected}")
        return int(counted != expected)

    async def _measured(self, what: str, count: int, part: Awaitable[None]) -> None:
        began, spent = time.perf_counter(), self._spent()
        await part
        seconds, spent = time.perf_counter() - began, self._spent() - spent
        rate, share = count / seconds, 1000 * spent / count
        print(f"{count} {what}: {seconds:.1f} s, {rate:.0f}/s, {share:.2f} ms of processor each", flush=True)

    def _spent(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)

    async def _answers(self, times: int, connections: int) -> None:
        for asking in await asked(self._endpoint, self._chat, times, connections):
            await asking.done

    async def _streams(self, count: int) -> None:
        """Read streams whose pace keeps all of them open for eight seconds."""
        streams = await asked(self._endpoint, self._stream, connections=count)
        await asyncio.gather(*(stream.begun for stream in streams))
        print(f"{sum(not stream.done.done() for stream in streams)} streams are open", flush=True)
        await asyncio.gather(*(stream.done for stream in streams))

    async def _locked(self) -> None:
        """Lock the database until streams have begun and what needs no database has come, while answers wait."""
        with closing(sqlite3.connect(self._database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            answers = await asked(self._endpoint, self._chat, connections=LOCKED)
            streams = await asked(self._endpoint, self._stream, connections=LOCKED)
            await asyncio.gather(*(stream.begun for stream in streams))
            [models] = await asked(self._endpoint, request(self._endpoint, "models"))
            await models.done
            print(f"{sum(not answer.begun.done() for answer in answers)} answers wait for the database", flush=True)
        await asyncio.gather(*(asking.done for asking in (*streams, *answers)))

    async def _counted(self) -> int:
        """Return how many tokens the server has counted."""
        [usage] = await asked(self._endpoint, request(self._endpoint, "usage"))
        answer = cast("dict[str, Any]", json_of(await usage.done))
        return int(answer["overall"][0]["total_output_tokens"])


if __name__ == "__main__":
    sys.exit(main())
