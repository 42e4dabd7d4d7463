"""What a dump leaves out: `include=` and `exclude=`, at all depths, and fields that have their defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import cache, reduce
from typing import Any, TypeAlias, cast

import msgspec

__all__ = ["is_given", "pruned"]

Choice: TypeAlias = "bool | dict[str | int, Choice]"
"""All of a value, nothing of it, or a choice for each of its members."""


def is_given(owner: msgspec.Struct, name: str, item: object) -> bool:
    """Tell whether a field is required or differs from its default; which ones were given is not remembered."""
    defaults = _defaults_of(type(owner))
    return name not in defaults or bool(defaults[name] != item)


@cache
def _defaults_of(cls: type[msgspec.Struct]) -> dict[str, object]:
    """Return the values of the fields that need not be given."""
    return {
        field.name: field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        for field in msgspec.structs.fields(cls)
        if not field.required
    }


def pruned(plain: dict[str, Any], include: object, exclude: object) -> dict[str, Any]:
    """Return what is left of a dump; None includes all, and excludes nothing.

    Raises TypeError, which names the argument, for what names no members.
    """
    wanted = include is None or _choice_of(include, "include")
    unwanted = exclude is not None and _choice_of(exclude, "exclude")
    pruned_dump: dict[str, Any] = _pruned(plain, wanted, unwanted)
    return pruned_dump


def _choice_of(given: object, argument: str) -> Choice:
    if isinstance(given, Set):
        return dict.fromkeys(cast("Set[str | int]", given), True)
    if isinstance(given, Mapping):
        members = cast("Mapping[str | int, object]", given)
        return {key: _choice_inside(inside, argument) for key, inside in members.items()}
    raise TypeError(f"{argument}= takes a set of names, or a dict from names to what is meant inside, not {given!r}")


def _choice_inside(given: object, argument: str) -> Choice:
    return bool(given) if given is ... or isinstance(given, bool) else _choice_of(given, argument)


def _pruned(value: Any, wanted: Choice, unwanted: Choice) -> Any:
    if wanted is True and unwanted is False:
        return value
    if isinstance(value, dict):
        return dict(_left(cast("dict[str, Any]", value).items(), 0, wanted, unwanted))
    if isinstance(value, (list, tuple)):
        items = cast("list[Any]", value)
        return [item for _, item in _left(enumerate(items), len(items), wanted, unwanted)]
    return value


def _left(items: Iterable[tuple[Any, Any]], length: int, wanted: Choice, unwanted: Choice) -> Iterator[tuple[Any, Any]]:
    for key, item in items:
        keys = (key, key - length, "__all__") if length else (key,)  # a place counts from the end, too
        inside, outside = _at(wanted, keys), _at(unwanted, keys)
        if inside is not False and outside is not True:
            yield key, _pruned(item, inside, outside)


def _at(choice: Choice, keys: tuple[str | int, ...]) -> Choice:
    if isinstance(choice, bool):
        return choice
    return reduce(_both, (choice.get(key, False) for key in keys))


def _both(one: Choice, other: Choice) -> Choice:
    if isinstance(one, bool):
        return one or other
    if isinstance(other, bool):
        return other or one
    return {key: _both(one.get(key, False), other.get(key, False)) for key in {**one, **other}}
