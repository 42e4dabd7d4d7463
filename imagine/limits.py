"""Limits: `Timeout` for time, `RateLimit` for requests and tokens, what is left of one, and what the service closed."""

from __future__ import annotations

import math

import msgspec

__all__ = ["LaneState", "QuotaState", "RateLimit", "Timeout", "positive_seconds"]


class Timeout(msgspec.Struct, frozen=True):
    """Time limits in seconds, each for one thing the SDK waits for; `math.inf` turns a part off.

    The clocks run while the SDK waits for the service; not while the consumer works, waits for a slot, or backs off.
    A limit that is hit raises ImagineTimeoutException, which names the part. ValueError or TypeError for a part that
    is not a number over 0.

    Examples:
        >>> import imagine
        >>> imagine.Timeout(first_event=30, between_events=10)
        Timeout(connect=10.0, write=60.0, read=300.0, first_event=30, between_events=10)
        >>> client.with_options(timeout=imagine.Timeout(read=120)).ping().message
        'pong'
    """

    connect: float = 10.0
    """DNS, TCP, TLS and proxy, until the connection stands."""
    write: float = 60.0
    """The longest pause while the service takes the request's body."""
    read: float = 300.0
    """From the end of the request to the last byte of an answer that is not a stream."""
    first_event: float = 60.0
    """From the end of the request to the first event of a stream; each keep-alive starts it anew, up to ten times its
    length in all."""
    between_events: float = 60.0
    """Between two events of a stream; keep-alives do not count."""

    def __post_init__(self) -> None:
        for part in self.__struct_fields__:
            positive_seconds(f"timeout.{part}", getattr(self, part))

    @classmethod
    def of(cls, timeout: float | Timeout | None) -> Timeout:
        """Read a `timeout=`: a number sets connect to at most 10 and the others to itself, None the defaults."""
        if timeout is None:
            return cls()
        if isinstance(timeout, Timeout):
            return timeout
        seconds = positive_seconds("timeout", timeout)
        return cls(min(10.0, seconds), seconds, seconds, seconds, seconds)


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """A quota: at most a number of requests, or of tokens, in any `per` seconds.

    ValueError where it names neither or both, or a number below 1; TypeError for what is not a number.

    Examples:
        >>> from imagine import RateLimit
        >>> limited = client.with_options(rate_limits=[RateLimit(requests=5, per=60)])
        >>> limited.quota[0].remaining
        5
    """

    requests: int | None = None
    """The most requests; None for a limit of tokens."""
    tokens: int | None = None
    """The most tokens, of prompts and answers together; None for a limit of requests."""
    per: float
    """Length of the window in seconds."""
    model: str | None = None
    """Only requests for this model count; None for all of the client."""

    @property
    def amount(self) -> int:
        """The most requests or tokens."""
        return self.requests or self.tokens or 0

    def __post_init__(self) -> None:
        for name in ("requests", "tokens", "per"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float | None):
                raise TypeError(f"RateLimit.{name} must be a number, not {type(value).__name__}")
        positive_seconds("RateLimit.per", self.per)
        given = [n for n in (self.requests, self.tokens) if n is not None]
        if len(given) != 1 or given[0] < 1 or not 0 < self.per < math.inf:
            raise ValueError(f"{self!r} must name requests or tokens, at least 1, and per in seconds")


class QuotaState(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a declared quota is left."""

    limit: RateLimit
    """The quota, as it was declared."""
    remaining: int
    """Requests or tokens that may still be spent now."""
    reset: float
    """Seconds until all of it is there again; 0 when it is."""


class LaneState(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane stands: the pace that the service's answers ask for is kept for each route and model on its own."""

    route: str
    """Such as `POST chat/completions`; `POST by request()` for all paths that were given to `request`."""
    model: str | None
    """The model; None for routes that have none."""
    closed_for: float
    """Seconds until it opens by itself; 0 while it is open."""
    probe_in: float | None
    """Seconds until a call may leave to find out whether the service answers again; None while it is open."""
    waiting: int
    """Calls that wait in it."""


def positive_seconds(name: str, value: object) -> float:
    """Return a number of seconds as a float; TypeError or ValueError names the option when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    try:
        seconds = float(value)
    except OverflowError:
        raise ValueError(f"{name} is no number of seconds that a float can hold (math.inf turns a limit off)") from None
    if math.isnan(seconds) or seconds <= 0:
        raise ValueError(f"{name} must be more than 0 seconds, not {value!r} (math.inf turns a limit off)")
    return seconds
