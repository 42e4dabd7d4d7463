"""What all data classes share: msgspec Structs with the habits of the pydantic models that users' code expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Literal, Self, cast

import msgspec

from imagine.types.decoding import Decoding, fit

__all__ = ["DTO", "PlainDTO", "null", "to_json", "to_wire"]

Members = Set[str] | Set[int] | Mapping[str, Any] | Mapping[int, Any]
"""Names of fields, or places in a list; a mapping goes on inside of them."""
Keeps = Callable[["DTO", str, object], bool]
_WRITTEN_BY_SERVICES = ("reasoning_content", "reasoning", "annotations")


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

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray) -> Self:
        """Make an instance from JSON, leniently.

        Raises ImagineDecodeException, which names the class, the field and what was there.
        """
        data = json_data.encode("utf-8", "surrogatepass") if isinstance(json_data, str) else json_data
        return Decoding(cls).decode(data)

    def model_dump(
        self,
        *,
        mode: Literal["python", "json"] = "python",
        include: Members | None = None,
        exclude: Members | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        by_alias: bool | None = None,  # noqa: ARG002 - fields have no other names
    ) -> dict[str, Any]:
        """Return plain dicts and lists; enum members become strings, datetimes stay unless `mode` is "json".

        `include` and `exclude` are sets of fields, or dicts that go on inside: `{"choices": {0: {"message"}}}`, where
        -1 is the last of a list and "__all__" each. A field counts as unset where it has its default: which ones were
        given is not remembered, so `exclude_unset` and `exclude_defaults` are the same. Raises ValueError for another
        mode, TypeError for what names no fields.
        """
        if mode not in ("python", "json"):
            raise ValueError(f'mode= is "python" or "json", not {mode!r}')
        plain = _plain(self, include, exclude, exclude_unset or exclude_defaults, exclude_none)
        dumped: dict[str, Any] = msgspec.to_builtins(plain, builtin_types=(datetime,) if mode == "python" else ())
        return dumped

    def model_dump_json(
        self,
        *,
        indent: int | None = None,
        include: Members | None = None,
        exclude: Members | None = None,
        exclude_unset: bool = False,
        exclude_defaults: bool = False,
        exclude_none: bool = False,
        by_alias: bool | None = None,  # noqa: ARG002 - fields have no other names
    ) -> str:
        """Return JSON text: on one line, or with so many spaces of `indent`.

        The other options are those of `model_dump`.
        """
        plain = _plain(self, include, exclude, exclude_unset or exclude_defaults, exclude_none)
        text = to_json(plain)
        return (text if indent is None else msgspec.json.format(text, indent=indent)).decode()

    def model_copy(self, *, update: Mapping[str, Any] | None = None) -> Self:
        """Return a shallow copy with some fields replaced; TypeError for a name that is no field."""
        return msgspec.structs.replace(self, **(update or {}))

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        for name in self.__struct_fields__:
            yield name, getattr(self, name)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, handler: Any) -> dict[str, Any]:
        from imagine.types.pydantic_schema import core_schema  # only who uses pydantic asks for it

        return core_schema(cls, handler.generate_schema)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: dict[str, Any], handler: Any) -> dict[str, Any]:
        from imagine.types.pydantic_schema import documented

        return documented(cls, core, handler)


class PlainDTO(DTO, kw_only=True, gc=False):
    """Base of what the service answers: trees of plain values, which form no cycles and so need no collector."""

    _mends: ClassVar[bool] = True
    """Whether one odd value that nobody asked for is left out, rather than all refused.

    Of what is looked up at no price every value was asked for.
    """


def null() -> None:
    """Return None, as the default of a field that is sent as null: only plain defaults are left out."""


def to_wire(value: DTO) -> dict[str, Any]:
    """Return what a request sends, as a dict: all but the fields that are None.

    Dicts of the user, and the nulls in them, are left alone. Of a message, neither reasoning, annotations nor an
    empty list of tool calls is sent: services write them, and refuse to read them.
    """
    return _as_dict(value, _is_sent)


@cache
def _sent_as_null(cls: type[DTO]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(cls) if field.default_factory is null)


def _is_sent(owner: DTO, name: str, item: object) -> bool:
    if item is None:
        return name in _sent_as_null(type(owner))
    is_empty = isinstance(item, list | tuple) and not item
    return name not in _WRITTEN_BY_SERVICES and not (name == "tool_calls" and is_empty)


def _is_something(_owner: DTO, _name: str, item: object) -> bool:
    return item is not None


def _always(_owner: DTO, _name: str, _item: object) -> bool:
    return True


def to_json(value: object) -> bytes:
    """Encode as JSON; a lone surrogate, which a model may have streamed, becomes an ASCII escape."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return _in_ascii(msgspec.to_builtins(value, builtin_types=(msgspec.Raw,), str_keys=True))


def _in_ascii(value: Any) -> bytes:
    import json  # needed too rarely to be imported with the package

    if isinstance(value, str):
        return json.dumps(value).encode()
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value).items()
        return b"{" + b", ".join(_in_ascii(name) + b": " + _in_ascii(item) for name, item in members) + b"}"
    if isinstance(value, list | tuple):
        return b"[" + b", ".join(map(_in_ascii, cast("list[Any]", value))) + b"]"
    return msgspec.json.encode(value)


def _plain(
    value: DTO, include: Members | None, exclude: Members | None, exclude_defaults: bool, exclude_none: bool
) -> dict[str, Any]:
    keeps = _is_something if exclude_none else _always
    if not exclude_defaults and include is None and exclude is None:
        return _as_dict(value, keeps)
    from imagine.types.dumping import is_given, pruned  # few dumps leave out more than None

    def keeps_given(owner: DTO, name: str, item: object) -> bool:
        return keeps(owner, name, item) and is_given(owner, name, item)

    return pruned(_as_dict(value, keeps_given if exclude_defaults else keeps), include, exclude)


def _as_dict(value: DTO, keeps: Keeps) -> dict[str, Any]:
    fields: Iterable[tuple[str, Any]] = msgspec.structs.asdict(value).items()
    return {name: _spelled_out(item, keeps) for name, item in fields if keeps(value, name, item)}


def _spelled_out(value: Any, keeps: Keeps) -> Any:
    if isinstance(value, DTO):
        return _as_dict(value, keeps)
    items = cast("list[Any]", value)
    return [_spelled_out(item, keeps) for item in items] if _may_hold_data_classes(value) else items


# Over the few types of the items, since isinstance of a Struct class costs 70 ns: vectors are long.
def _may_hold_data_classes(value: object) -> bool:
    if not isinstance(value, (list, tuple)):
        return False
    return any(issubclass(kind, (DTO, list, tuple)) for kind in set(map(type, cast("list[object]", value))))
