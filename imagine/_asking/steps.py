"""What is asked next, and with which temperature and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from imagine._options.call import SamplingOptions
    from imagine.exceptions import ImagineException

__all__ = ["is_refusal_of_way", "limit_of", "varied"]

_REFUSALS = frozenset({400, 404, 405, 415, 422, 501})
_STEP = 0.3
_HOTTEST = 1.0


def is_refusal_of_way(error: ImagineException) -> bool:
    """Tell whether a service may have refused the way to ask: tools, a response format, or the route."""
    return error.http_status in _REFUSALS


def varied(options: SamplingOptions, asked: int) -> SamplingOptions:
    """Return the options of a request behind so many others: at the same temperature, it would answer the same."""
    if not asked:
        return options
    made = {**options, "temperature": _temperature(options.get("temperature"), asked * _STEP)}
    seed = options.get("seed")
    return cast("SamplingOptions", made if seed is None else {**made, "seed": seed + asked})


def _temperature(given: float | None, step: float) -> float:
    warmer = min((given or 0.0) + step, _HOTTEST)
    return round(warmer if given is None or warmer > given else max(given - step, 0.0), 2)


def limit_of(options: SamplingOptions) -> object:
    """Return the limit of tokens that a request has; None where it has none."""
    extra = options.get("extra_body") or {}
    names = ("max_completion_tokens", "max_tokens")
    return next((extra[name] for name in names if name in extra), options.get("max_tokens"))
