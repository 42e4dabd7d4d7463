"""Values as JSON has them: what subclasses, enums, arrays stand for; what JSON has no form for is refused by name."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, KeysView, Mapping, Sequence, ValuesView
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from math import isfinite
from types import BuiltinFunctionType, FunctionType, MethodType, NoneType
from typing import Any, TypeAlias, cast

import msgspec

from imagine.types.base import DTO, to_json, to_wire

__all__ = ["ATOMS", "TEXT", "plain", "plain_fields"]

Way: TypeAlias = "Callable[[Any, str], Any]"

ATOMS = frozenset({str, int, bool, NoneType, msgspec.Raw})
"""What msgspec writes as it is; floats are not among it, for NaN."""
TEXT = frozenset({str})
"""What the names of an object's members are."""


def plain(value: Any, where: str) -> Any:
    """Return a value as JSON has it: the value itself where nothing in it has to change.

    Raises TypeError for what JSON has no form for, ValueError for NaN, infinity and keys that are there twice; the
    message says where.
    """
    try:
        return value if _is_plain(value) else _made_plain(value, where)
    except RecursionError:
        raise ValueError(f"{where} holds itself, or is nested too deeply for JSON") from None


def plain_fields(cls: type[DTO], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments that are fields of a class as JSON has them: 5.0 for a whole number is 5."""
    return {
        name: value if type(value) in ATOMS else _fitting(cls, name, plain(value, name))
        for name, value in given.items()
    }


def _is_plain(value: object) -> bool:
    """Tell whether msgspec writes a value just as Python has it; bytes, NaN and Decimals it would change in silence."""
    kind = type(value)
    if kind is dict:
        members = cast("dict[object, object]", value)
        return TEXT.issuperset(map(type, members)) and _are_plain(members.values())
    if kind is list or kind is tuple:
        return _are_plain(cast("list[object]", value))
    return isfinite(cast("float", value)) if kind is float else kind in ATOMS


def _are_plain(items: Collection[object]) -> bool:
    return ATOMS.issuperset(map(type, items)) or all(map(_is_plain, items))


def _made_plain(value: Any, where: str) -> Any:
    if type(value) in ATOMS:
        return value
    for kinds, way in _WAYS:
        if isinstance(value, kinds):
            return way(value, where)
    return _other(value, where)


def _finite(value: float, where: str) -> float:
    if not isfinite(value):
        raise _no_number(value, where)
    return float.__float__(value)


def _exact(value: Decimal, where: str) -> msgspec.Raw:
    if not value.is_finite():
        raise _no_number(value, where)
    return msgspec.Raw(Decimal.__str__(value).encode())


def _no_number(value: object, where: str) -> ValueError:
    what = "NaN" if "nan" in str(value).lower() else "infinite"
    return ValueError(f"{where} is {what}: JSON has no form for it")


def _members(value: Mapping[Any, Any], where: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in value.items():
        name = _key(key, where)
        if name in made:
            raise ValueError(f"{where} has two keys that are {name!r} in JSON")
        made[name] = _made_plain(item, f"{where}.{name}" if name.isidentifier() else f"{where}[{name!r}]")
    return made


def _key(key: Any, where: str) -> str:
    made = _made_plain(key, f"a key of {where}")
    if isinstance(made, str):
        return made
    if type(made) not in (int, float, msgspec.Raw):
        raise TypeError(f"{where} has the key {key!r}: in JSON, keys are texts")
    return to_json(made).decode()


def _items(value: Iterable[Any], where: str) -> list[Any]:
    return [_made_plain(item, f"{where}[{place}]") for place, item in enumerate(value)]


def _refused(value: object, where: str, hint: str = "") -> Any:
    raise TypeError(f"{where} holds {type(value).__name__}: JSON has no form for it{hint}")


def _code(value: object, where: str) -> Any:
    from imagine._instead import refusal_of_code  # mistakes alone need it

    raise refusal_of_code(value, where)


def _other(value: Any, where: str) -> Any:
    """Take what numpy and its kin list as plain values, and what msgspec writes: structs, dataclasses, dates, UUIDs."""
    if hasattr(value, "dtype") and hasattr(value, "tolist"):
        listed = value.tolist() if str(getattr(value.dtype, "kind", "")) not in _NOT_LISTED else value
        return _made_plain(listed, where) if isinstance(listed, _LISTED) else _refused(value, where)

    def inner(member: Any) -> Any:
        return _refused(member, where) if member is value else _made_plain(member, where)

    return _made_plain(msgspec.to_builtins(value, builtin_types=_SPELLED_HERE, enc_hook=inner), where)


_LISTED = (list, str, int, float, NoneType)
"""What arrays, and single values of them, become."""
_NOT_LISTED = ("m", "M", "V")
"""Kinds of arrays whose lists say less: times become numbers, and records lose their names."""
_SPELLED_HERE = (bytes, bytearray, memoryview, Decimal, msgspec.Raw)
"""What msgspec is to leave alone: it would write Base64, or texts for numbers."""
_WAYS: tuple[tuple[type | tuple[type, ...], Way], ...] = (
    ((type, FunctionType, MethodType, BuiltinFunctionType, partial), _code),
    (Enum, lambda value, where: _made_plain(value.value, where)),
    (str, lambda value, _: str.__str__(value)),
    (int, lambda value, _: int.__int__(value)),
    (float, _finite),
    (Decimal, _exact),
    ((bytes, bytearray, memoryview), lambda value, where: _refused(value, where, "; decode it, or send it as Base64")),
    ((set, frozenset), lambda value, where: _refused(value, where, ", since it has no order; give a list")),
    (DTO, lambda value, where: _members(to_wire(value), where)),
    (Mapping, _members),
    ((Sequence, deque, KeysView, ValuesView), _items),
)
"""What becomes of which types, the first that fits; strings come before other sequences."""


@cache
def _whole_numbers(cls: type[DTO]) -> frozenset[str]:
    return frozenset(field.name for field in msgspec.structs.fields(cls) if field.type in (int, int | None))


def _fitting(cls: type[DTO], name: str, value: Any) -> Any:
    is_whole = type(value) is float and value.is_integer() and name in _whole_numbers(cls)
    return int(value) if is_whole else value
