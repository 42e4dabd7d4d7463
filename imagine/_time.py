"""The limits of time a user can set: `Timeout`, and the point at which a whole call must be over."""

from __future__ import annotations

import math

import msgspec

__all__ = ["Timeout"]


class Timeout(msgspec.Struct, frozen=True):
    """Limits in seconds, each for one thing the SDK waits for; `math.inf` turns a part off.

    connect: DNS, TCP, TLS, proxy. write: the longest pause while the body is taken. read: from the end of the request
    to the last byte of an answer that is no stream. first_event: from the end of the request to a stream's first event;
    each keep-alive starts it anew, up to ten times its length in all. between_events: between two events of a stream;
    keep-alives do not count.

    The clocks run while the SDK waits for the service; not while the consumer works, waits for a slot, or backs off.
    """

    connect: float = 10.0
    """DNS, TCP, TLS and proxy, until the connection stands."""
    write: float = 60.0
    """The longest pause while the service takes the request's body."""
    read: float = 300.0
    """From the end of the request to the last byte of an answer that is not a stream."""
    first_event: float = 60.0
    """From the end of the request to the first event of a stream; a keep-alive starts it anew, ten times in all."""
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


def positive_seconds(name: str, value: object) -> float:
    """Return a number of seconds as a float; TypeError or ValueError names the option when it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if math.isnan(value) or value <= 0:
        raise ValueError(f"{name} must be more than 0 seconds, not {value!r} (math.inf turns a limit off)")
    return float(value)
