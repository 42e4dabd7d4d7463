"""Arguments that are fields of a request: as JSON has them, of the right type, and no number that means nothing."""

from __future__ import annotations

from functools import cache
from math import inf
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from imagine._plain import plain_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagine.types.base import DTO

__all__ = ["checked_fields"]

_BOUNDS: Mapping[str, tuple[float, float]] = {
    "max_tokens": (0, inf),
    "max_seconds": (0, inf),
    "temperature": (0, inf),
    "top_p": (0, 1),
    "top_k": (-1, inf),
    "repetition_penalty": (0, inf),
    "top_n": (1, inf),
    "n": (1, inf),
    "num_inference_steps": (1, inf),
    "cache_interval": (0, inf),
}
"""What no service can make sense of is beyond; what only some of them refuse, such as a penalty of 3, is not."""
_INSTEAD = {"max_tokens": "; leave it out for as many as the service gives"}


def checked_fields(cls: type[DTO], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that are fields of a class as JSON has them.

    Raises TypeError for one of the wrong type, ValueError for a number that makes no sense; None is always taken.
    """
    made = plain_fields(cls, given)
    read = _decoded(made) if msgspec.Raw in map(type, made.values()) else made
    try:
        msgspec.convert(read, _bounded(cls))
    except msgspec.ValidationError as error:
        raise _refusal(read, str(error)) from error
    return made


def _decoded(made: Mapping[str, Any]) -> dict[str, Any]:
    return {name: msgspec.json.decode(item) if isinstance(item, msgspec.Raw) else item for name, item in made.items()}


@cache
def _bounded(cls: type[DTO]) -> type[msgspec.Struct]:
    """Make a class of the same fields with their bounds: the class itself has none, for histories hold anything."""
    fields = [(field.name, _bounded_type(field.name, field.type), None) for field in msgspec.structs.fields(cls)]
    return msgspec.defstruct(cls.__name__, fields)


def _bounded_type(name: str, type_: Any) -> Any:
    if name not in _BOUNDS:
        return type_ | None
    least, most = _BOUNDS[name]
    number: Any = int if type_ in (int, int | None) else float
    bounded: Any = Annotated[number, msgspec.Meta(ge=least, le=most if most < inf else None)]
    return bounded | None


def _refusal(given: Mapping[str, Any], error: str) -> Exception:
    what, _, path = error.partition(" - at `$.")
    place = path.rstrip("`")
    least, most = _BOUNDS.get(place, (-inf, inf))
    if type(given.get(place)) in (int, float) and not least <= given[place] <= most:
        range_ = f"at least {least}" if most == inf else f"from {least} to {most}"
        return ValueError(f"{place} must be {range_}, not {given[place]}{_INSTEAD.get(place, '')}")
    return TypeError(f"{place} has the wrong type: {what}")
