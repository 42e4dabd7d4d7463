"""Usage, history and the requests of drawn images, in SQLite: in a file or in memory."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

__all__ = ["Answered", "Spent", "Store", "UsageFilter"]

_HISTORY_BYTES = 64 * 2**20
_IMAGES_KEPT = 1000

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS usage (
    time REAL, user TEXT, model TEXT, input INTEGER, output INTEGER, seconds REAL);
CREATE INDEX IF NOT EXISTS usage_of_user ON usage (user, time);
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, user TEXT, route TEXT, response BLOB, request BLOB, size INTEGER);
CREATE INDEX IF NOT EXISTS history_of_route ON history (user, route, id, size);
CREATE TABLE IF NOT EXISTS images (id TEXT PRIMARY KEY, request BLOB);
"""

_USAGE = """
SELECT user, model, {bin} AS bin, sum(input), sum(output), sum(seconds) FROM usage
WHERE user = :user AND time >= :since AND time < :until AND (:model IS NULL OR model = :model)
GROUP BY model, bin ORDER BY bin, model
"""


class Spent(Struct, frozen=True):
    """What one call has cost: tokens, and seconds of generation."""

    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    @property
    def total_tokens(self) -> int:
        """Tokens of the input and the output together."""
        return self.input_tokens + self.output_tokens

    def as_usage(self) -> dict[str, int]:
        """Return the `usage` member of an answer."""
        return {
            "prompt_tokens": self.input_tokens,
            "total_tokens": self.total_tokens,
            "completion_tokens": self.output_tokens,
        }


class Answered(Struct, frozen=True):
    """One call that has been answered: what it has cost, and what is remembered of it."""

    user: str
    model: str
    spent: Spent
    route: str = ""
    """The route whose history remembers it; "" for none."""
    response: bytes = b""
    """JSON, like the request."""
    request: bytes = b""
    time: float = field(default_factory=time.time)
    """When, in seconds since 1970."""

    @property
    def size(self) -> int:
        """Bytes that the history keeps of it."""
        return len(self.response) + len(self.request)


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which usage to report; times in seconds since 1970."""

    user: str
    model: str | None = None
    since: float = 0.0
    until: float = float("inf")


class _Kept:
    """What is kept of one user and route: counted here, since adding it up for every answer takes milliseconds."""

    def __init__(self, rows: Iterable[tuple[int, int]]) -> None:
        self._rows = deque(rows)
        self._bytes = sum(size for _, size in self._rows)

    def add(self, row: int, size: int) -> None:
        """Count one more."""
        self._rows.append((row, size))
        self._bytes += size

    def drop(self, most: int) -> int:
        """Forget the oldest rows that are too many, and return the last of them; 0 if none is."""
        dropped = 0
        while len(self._rows) > most or (self._bytes > _HISTORY_BYTES and len(self._rows) > 1):
            dropped, freed = self._rows.popleft()
            self._bytes -= freed
        return dropped


class Store:
    """One SQLite database, opened on first use; may be used from several threads."""

    def __init__(self, database: str = ":memory:", history_limit: int = 1000) -> None:
        self._database = database
        self._history_limit = history_limit
        self._lock = threading.RLock()
        self._kept: dict[tuple[str, str], _Kept] = {}

    def check(self) -> None:
        """Raise sqlite3.Error, or OSError, if the database cannot be opened or written."""
        with self._locked() as connection:
            connection.execute("DELETE FROM images WHERE id = ''")

    def add(self, answered: Sequence[Answered]) -> None:
        """Record what calls have cost, and remember them; all of it, or nothing."""
        with self._locked() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany("INSERT INTO usage VALUES (?, ?, ?, ?, ?, ?)", map(_usage_row, answered))
                self._remember(connection, [each for each in answered if each.route])
                connection.execute("COMMIT")
            except BaseException:
                self._kept.clear()  # it has counted what is not there
                connection.execute("ROLLBACK")
                raise

    def usage(self, wanted: UsageFilter, bin_seconds: int) -> list[dict[str, object]]:
        """Return one record per model and time bin of `bin_seconds`, in order of time."""
        rows = self._usage_rows(wanted, f"CAST(time / {bin_seconds:d} AS INTEGER) * {bin_seconds:d}")
        return [{**_record(row), "date_bin": _iso(row[2])} for row in rows]

    def overall_usage(self, wanted: UsageFilter) -> list[dict[str, object]]:
        """Return one record per model."""
        return [_record(row) for row in self._usage_rows(wanted, "0")]

    def _remember(self, connection: sqlite3.Connection, answered: Sequence[Answered]) -> None:
        [last] = connection.execute("SELECT coalesce(max(id), 0) FROM history").fetchone()
        kept = {(each.user, each.route): self._kept_of(connection, each.user, each.route) for each in answered}
        for row, each in enumerate(answered, last + 1):
            kept[each.user, each.route].add(row, each.size)
        rows = [_history_row(row, each) for row, each in enumerate(answered, last + 1)]
        connection.executemany("INSERT INTO history VALUES (?, ?, ?, ?, ?, ?)", rows)
        for place, those in kept.items():
            if dropped := those.drop(self._history_limit):
                connection.execute("DELETE FROM history WHERE user = ? AND route = ? AND id <= ?", (*place, dropped))

    def _kept_of(self, connection: sqlite3.Connection, user: str, route: str) -> _Kept:
        if (user, route) not in self._kept:
            query = "SELECT id, size FROM history WHERE user = ? AND route = ? ORDER BY id"
            self._kept[user, route] = _Kept(connection.execute(query, (user, route)))
        return self._kept[user, route]

    def history(self, user: str, route: str, max_items: int) -> list[tuple[bytes, bytes]]:
        """Return the newest (response, request) pairs of a route, newest first."""
        query = "SELECT response, request FROM history WHERE user = ? AND route = ? ORDER BY id DESC LIMIT ?"
        with self._locked() as connection:
            return connection.execute(query, (user, route, max_items)).fetchall()

    def keep_image_request(self, image_id: str, request: bytes) -> None:
        """Keep what an image was drawn from, so that it can be drawn again."""
        with self._locked() as connection:
            connection.execute("INSERT OR REPLACE INTO images VALUES (?, ?)", (image_id, request))
            connection.execute("DELETE FROM images WHERE rowid <= (SELECT max(rowid) FROM images) - ?", (_IMAGES_KEPT,))

    def image_request(self, image_id: str) -> bytes | None:
        """Return what an image was drawn from; None for an unknown id."""
        with self._locked() as connection:
            row = connection.execute("SELECT request FROM images WHERE id = ?", (image_id,)).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Close the database; what was in memory is gone."""
        with self._lock:
            if "_connection" in self.__dict__:
                self._connection.close()

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        if self._database != ":memory:":
            _make_private(self._database)
        connection = sqlite3.connect(self._database, check_same_thread=False, isolation_level=None)
        try:
            connection.executescript(_SCHEMA)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @contextmanager
    def _locked(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            yield self._connection

    def _usage_rows(self, wanted: UsageFilter, time_bin: str) -> list[tuple[str, str, int, int, int, float]]:
        bounds = {"user": wanted.user, "model": wanted.model, "since": wanted.since, "until": wanted.until}
        with self._locked() as connection:
            return connection.execute(_USAGE.format(bin=time_bin), bounds).fetchall()


def _make_private(database: str) -> None:
    """Make the file, if there is none, so that only its owner can read what was asked and answered."""
    with suppress(FileExistsError):
        os.close(os.open(database, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _usage_row(answered: Answered) -> tuple[object, ...]:
    spent = answered.spent
    return answered.time, answered.user, answered.model, spent.input_tokens, spent.output_tokens, spent.seconds


def _history_row(row: int, answered: Answered) -> tuple[object, ...]:
    return row, answered.user, answered.route, answered.response, answered.request, answered.size


def _record(row: tuple[str, str, int, int, int, float]) -> dict[str, object]:
    user, model, _, input_tokens, output_tokens, seconds = row
    return {
        "userid": user,
        "model": model,
        "total_input_tokens": input_tokens,
        "total_output_tokens": output_tokens,
        "total_tokens": input_tokens + output_tokens,
        "total_generation_time": round(seconds, 6),
    }


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()
