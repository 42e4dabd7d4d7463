"""All rows by section, and the table of how they went."""

from __future__ import annotations

import asyncio
from collections import Counter

from faults import answers, behind_gateways, bodies, connections, limits, streams
from faults.row import FACES, Result, play

SECTIONS = {
    "The service refuses": answers.REFUSALS,
    "The service fails, or asks to wait": answers.RETRIES,
    "Redirects": answers.REDIRECTS,
    "Errors under status 200": bodies.REPORTED,
    "Bodies that are empty, cut or of another kind": bodies.BROKEN,
    "Bodies that are unusual but whole": bodies.UNUSUAL,
    "Too much": bodies.OVERSIZED,
    "Streams that break": streams.BROKEN,
    "Streams in rare but allowed frames": streams.FRAMED,
    "Connections": connections.BROKEN,
    "TLS": connections.TLS,
    "Proxies": connections.PROXIES,
    "Limits of time": limits.PARTS,
    "The deadline of a whole call": limits.DEADLINES,
    "Behind nginx": behind_gateways.NGINX,
    "Through tinyproxy": behind_gateways.TINYPROXY,
}
AT_ONCE = 6
"""Rows played side by side: most of their time is waiting, but clocks must not wait for the machine."""
LEGEND = """\
Expected is the good answer or an exception, named without its Imagine…Exception; how often the request arrived; and
after a colon, words of the message. ok: just that was seen. late: how long after its limit, or after the wait that
the service demanded, the slowest call ended; a demanded wait is followed by up to 250 ms of jitter."""


async def report(sections, write):
    """Play all rows, write the table, and tell whether every one of them was good."""
    rows = [row for rows in sections.values() for row in rows]
    playing = await _begin([row for row in rows if not row.missing])
    results = {}
    write(f"{LEGEND}\n\n{_line('fault', 'expected', *FACES, 'late')}")
    for title, rows_of_section in sections.items():
        write(f"\n{title}")
        for row in rows_of_section:
            if row.missing:
                write(_line(row.fault, row.expected.words, f"skipped: {row.missing} is not installed"))
            else:
                results[row] = await playing[row]
                _tell(row, results[row], write)
    return _sum_up(Counter(row.missing for row in rows if row.missing), list(results.values()), write)


async def _begin(rows):
    """Play rows whose memory is counted, one by one, then those of time, side by side; begin to play the others."""
    playing, turns = {}, asyncio.Semaphore(AT_ONCE)
    timed = [row for row in rows if row.due is not None]
    others = [row for row in rows if row.due is None and not row.weighed]
    for phase in (*([row] for row in rows if row.weighed), timed, others):
        if playing:
            await asyncio.wait(playing.values())
        playing |= {row: asyncio.create_task(_played(row, turns)) for row in phase}
    return playing


async def _played(row, turns):
    async with turns:
        return [await _result(row, face) for face in FACES]


async def _result(row, face):
    try:
        return await play(row, face)
    except Exception as error:  # the other rows go on
        return Result(f"could not be played: {error!r}", good=False)


def _tell(row, results, write):
    late = [result.late for result in results if result.late is not None]
    shown = ["ok" if result.good else "FAILED" for result in results]
    write(_line(row.fault, row.expected.words, *shown, f"{max(late) * 1000:.0f} ms" if late else ""))
    for face, result in zip(FACES, results, strict=True):
        if not result.good:
            write(f"    {face}: {result.seen}")


def _line(fault, expected, first, second="", late=""):
    return f"{fault:<47} {expected:<56} {first:<6} {second:<8} {late:>7}".rstrip()


def _sum_up(skipped, results, write):
    good = sum(all(result.good for result in both) for both in results)
    write("")
    for program, count in skipped.items():
        write(f"{count} skipped: {program} is not installed")
    write(f"{good} of {len(results)}")
    return good == len(results)
