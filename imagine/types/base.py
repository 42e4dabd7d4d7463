"""What all data classes share: msgspec Structs with the habits of the pydantic models that users' code expects."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from imagine.types.decoding import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Self

__all__ = ["DTO", "PlainDTO", "to_json", "to_wire"]


# Requests and messages hold dicts of the user, which may form cycles: the garbage collector stays on for them.
class DTO(msgspec.Struct, kw_only=True):
    """Base of the data classes: made with keywords, compared by value; `copy` and `pickle` work.

    Iterating yields (name, value) pairs, so `dict(dto)` is a shallow dict.
    """

    sent_as_null: ClassVar[frozenset[str]] = frozenset()
    """Fields that a request sends as null where they are None; the others are left out."""

    @classmethod
    def model_validate(cls, obj: object) -> Self:
        """Make an instance from a mapping, leniently; an instance is returned as it is.

        Raises ImagineDecodeException, which names the class, the field and what was there.
        """
        return obj if isinstance(obj, cls) else fit(obj, cls)

    def model_dump(self, *, exclude_none: bool = False) -> dict[str, Any]:
        """Return plain dicts and lists; enum members become strings, datetimes stay."""
        dumped: dict[str, Any] = msgspec.to_builtins(
            _without_none(self) if exclude_none else self, builtin_types=(datetime,)
        )
        return dumped

    def model_dump_json(self, *, exclude_none: bool = False) -> str:
        """Return JSON text."""
        return to_json(_without_none(self) if exclude_none else self).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a shallow copy with some fields replaced; TypeError for a name that is no field."""
        return msgspec.structs.replace(self, **(update or {}))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for name in self.__struct_fields__:
            yield name, getattr(self, name)


class PlainDTO(DTO, kw_only=True, gc=False):
    """Base of what the service answers: trees of plain values, which form no cycles and so need no collector."""


Value = DTO | list[Any] | tuple[Any, ...] | dict[str, Any] | str | float | None


def to_wire(value: Value) -> Any:
    """Return what a request sends: data classes become dicts without their None fields, all else stays as it is.

    A message's `content` is sent as null where it is None. Dicts of the user, and the nulls in them, are left alone.
    """
    return _without_none(value, wire=True)


def to_json(value: object) -> bytes:
    """Encode as JSON; a lone surrogate, which a model may have streamed, becomes an ASCII escape."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        import json  # needed too rarely to be imported with the package

        return json.dumps(msgspec.to_builtins(value)).encode()


def _without_none(value: Value, *, wire: bool = False) -> Any:
    if isinstance(value, DTO):
        kept = value.sent_as_null if wire else ()
        fields: Iterable[tuple[str, Value]] = msgspec.structs.asdict(value).items()
        return {name: _without_none(item, wire=wire) for name, item in fields if item is not None or name in kept}
    if isinstance(value, (list, tuple)) and _holds_data_classes(value):
        return [_without_none(item, wire=wire) if isinstance(item, DTO) else item for item in value]
    return value


# Over the few types of the items, since isinstance of a Struct class costs 70 ns: 10,000 texts to embed are no rarity.
def _holds_data_classes(items: list[Any] | tuple[Any, ...]) -> bool:
    return any(issubclass(kind, DTO) for kind in set(map(type, items)))
