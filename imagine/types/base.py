"""What all data classes share: msgspec Structs with the habits of the pydantic models that users' code expects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

import msgspec

from imagine.types.decoding import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

__all__ = ["DTO", "PlainDTO", "null", "to_json", "to_wire"]


# Requests and messages hold dicts of the user, which may form cycles: the garbage collector stays on for them.
class DTO(msgspec.Struct, kw_only=True):
    """Base of the data classes: made with keywords, compared by value; `copy` and `pickle` work.

    Iterating yields (name, value) pairs, so `dict(dto)` is a shallow dict. Those that are sent leave out None by
    `omit_defaults`: msgspec then encodes them as they are, at a twentieth of the price of a dict made in Python.
    """

    @classmethod
    def model_validate(cls, obj: object) -> Self:
        """Make an instance from a mapping, leniently; an instance is returned as it is.

        Raises ImagineDecodeException, which names the class, the field and what was there.
        """
        return obj if isinstance(obj, cls) else fit(obj, cls)

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """Return plain dicts and lists; enum members become strings, datetimes stay."""
        dumped: dict[str, Any] = msgspec.to_builtins(_as_dict(self, exclude_none), builtin_types=(datetime,))
        return dumped

    def model_dump_json(self, *, exclude_none: bool = False) -> str:
        """Return JSON text."""
        return to_json(_as_dict(self, exclude_none)).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a shallow copy with some fields replaced; TypeError for a name that is no field."""
        return msgspec.structs.replace(self, **(update or {}))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for name in self.__struct_fields__:
            yield name, getattr(self, name)


class PlainDTO(DTO, kw_only=True, gc=False):
    """Base of what the service answers: trees of plain values, which form no cycles and so need no collector."""


def null() -> None:
    """Return None, as the default of a field that is sent as null: only plain defaults are left out."""


def to_wire(value: DTO) -> DTO | dict[str, Any]:
    """Return what is encoded as a request: all but the fields that are None.

    That is the instance itself, unless its class has defaults other than None: those are sent. Dicts of the user, and
    the nulls in them, are left alone.
    """
    return value if value.__struct_config__.omit_defaults else _as_dict(value, exclude_none=True)


def to_json(value: object) -> bytes:
    """Encode as JSON; a lone surrogate, which a model may have streamed, becomes an ASCII escape."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json  # needed too rarely to be imported with the package

        return json.dumps(msgspec.to_builtins(value)).encode()


def _as_dict(value: DTO, exclude_none: bool) -> dict[str, Any]:
    fields: Iterable[tuple[str, Any]] = msgspec.structs.asdict(value).items()
    return {name: _spelled_out(item, exclude_none) for name, item in fields if item is not None or not exclude_none}


def _spelled_out(value: Any, exclude_none: bool) -> Any:
    if isinstance(value, DTO):
        return _as_dict(value, exclude_none)
    if isinstance(value, (list, tuple)):
        return [_spelled_out(item, exclude_none) for item in cast("Iterable[Any]", value)]
    return value
