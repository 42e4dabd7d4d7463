"""What users hold: a proxy on loopback, and the file that it fills or reads."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict
from urllib.parse import urlsplit

from imagine.server.background import Background
from imagine.server.config import new_key
from imagine.server.recording import tape
from imagine.server.recording.masking import Masking
from imagine.server.recording.matching import Recorded
from imagine.server.recording.proxy import Recorder, Replayer, proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imagine.server.recording.exchange import Exchange

__all__ = ["Cassette", "CassetteOptions", "Mode"]

Mode = Literal["none", "once", "all"]

_RECORD_ONCE = "mode='once' (in pytest: --imagine-record=once)"
_RECORD_ANEW = "If that is meant, record anew: mode='all' (in pytest: --imagine-record=all)"


class CassetteOptions(TypedDict, total=False):
    """The options of `Cassette`, all of them optional."""

    mode: Mode
    upstream: str | None
    upstream_key: str | None
    speed: float
    filters: Sequence[Callable[[str], str]]


class Cassette(Background):
    """Records what a service answers, and replays it to any client that is given its `endpoint` and `api_key`.

    `with Cassette("cassettes/greeting.json", mode="once") as cassette:` records where there is no such file, and
    replays where there is one. Streams pass through while they come; their events are replayed at the recorded times.
    A request is answered by the recorded one of the same method, path and body (whatever the order of its members);
    of several that are the same, the n-th by the n-th.

    The file has no keys, cookies, or values of headers and queries that are named like secrets: they are `***`. It is
    written when the block ends well. A request that is not recorded is refused with 400, and fails the block with
    AssertionError at its end.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: Mode = "none",
        upstream: str | None = None,
        upstream_key: str | None = None,
        speed: float = 1.0,
        filters: Sequence[Callable[[str], str]] = (),
    ) -> None:
        """Check the options, and read the file where it is to be replayed.

        Args:
            path: The file; its folder is made.
            mode: "none" replays, "once" records where there is no file, "all" records anew.
            upstream: Endpoint to record from; default: the variables IMAGINE_API_ENDPOINT and IMAGINE_API_KEY.
            upstream_key: Its key; None sends none. The client's `api_key` is replaced by it.
            speed: 2 replays twice as fast as it was recorded, 0 without any pause.
            filters: Functions that change each text before it is written, and before a request is looked up.

        Raises:
            FileNotFoundError: There is nothing to replay.
            ValueError: A value that makes no sense, or a file that is no cassette.
        """
        _check(mode, speed)
        self.path = Path(path)
        self.api_key = new_key()
        """The key to give to clients: another one for each cassette, and never that of the service."""
        self.is_recording = mode == "all" or (mode == "once" and not self.path.exists())
        """Whether requests are passed on to the service."""
        url, key = _upstream(upstream, upstream_key) if self.is_recording else ("", upstream_key)
        masking = Masking(filter(None, [self.api_key, key]), filters)
        if self.is_recording:
            self._answerer: Recorder | Replayer = Recorder(url, key, self.api_key, masking)
        else:
            self._answerer = Replayer(Recorded(_read(self.path)), speed, f"is not in {self.path}")
        super().__init__(proxy(self._answerer, masking), "127.0.0.1", 0)

    def finish(self) -> None:
        """Write what was recorded; AssertionError where a request was not recorded. The end of a block does so."""
        if isinstance(self._answerer, Recorder):
            old = tape.read(self.path) if self.path.exists() else []
            tape.write(self.path, tape.in_order_of(old, self._answerer.exchanges))
        elif self._answerer.problems:
            raise AssertionError("\n".join([*self._answerer.problems, _RECORD_ANEW]))

    def __exit__(self, *error: object) -> None:
        self.close()
        if error[0] is None:
            self.finish()


def _check(mode: str, speed: float) -> None:
    if mode not in ("none", "once", "all"):
        raise ValueError(f"mode must be 'none', 'once' or 'all', not {mode!r}")
    if not 0 <= speed < math.inf:
        raise ValueError(f"speed must be 0 for no pauses, or a factor such as 2, not {speed!r}")


def _read(path: Path) -> list[Exchange]:
    try:
        return tape.read(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"There is no cassette {path}: record it with {_RECORD_ONCE}") from error


def _upstream(url: str | None, key: str | None) -> tuple[str, str | None]:
    """Return the service to record from, and its key: the key of the environment goes to its endpoint alone."""
    if url is None:
        url, key = os.environ.get("IMAGINE_API_ENDPOINT"), key or os.environ.get("IMAGINE_API_KEY")
    if not url:
        raise ValueError("To record, give upstream=, the endpoint of the service, or set IMAGINE_API_ENDPOINT")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("upstream must be a URL such as https://host/apis/v2, without a login and a query")
    return url, key
