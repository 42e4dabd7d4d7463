"""Names and options as a schema spells them, where a model wrote them in another case or with other marks.

Told on the way is what a type would take for something else: an object with none of its members, whose defaults would
be the answer, a number for a time, such as a year that would become seconds, and a "NaN" for a number.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any, NamedTuple, cast

from imagine._schema.fitting import FORMATS

__all__ = ["Spelled", "folded", "resolved", "respelled"]

Schema = dict[str, Any]
_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
    "null": type(None),
}
_TIMES = ("date-time", "duration")
_SURE_DIGITS = 15
"""Digits of a number that a float keeps: what has more may be another by now."""


class Spelled(NamedTuple):
    """A value as a schema spells it."""

    value: object
    flaw: str
    """What in it would be taken for something else; "" where nothing would."""


def folded(name: str) -> str:
    """Return a name without its case, and without `-`, `_` and blanks."""
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


def resolved(node: Schema, root: Schema) -> Schema:
    """Follow the reference that a schema is, into the definitions of its root."""
    for _ in range(10):
        if "$ref" not in node:
            break
        node = root.get("$defs", {}).get(node["$ref"].rpartition("/")[2], {})
    return node


def respelled(value: object, root: Schema) -> Spelled:
    """Return a plain value whose names and options are spelled as in the schema, where that is without doubt."""
    speller = _Speller(root)
    return Spelled(speller.spelled(value, root), speller.flaw)


class _Speller:
    def __init__(self, root: Schema) -> None:
        self.flaw = ""
        self._root = root

    def spelled(self, value: object, node: Schema) -> object:
        node = self._option(value, resolved(node, self._root))
        if isinstance(value, dict):
            return self._object(cast("dict[str, Any]", value), node)
        if isinstance(value, list):
            return self._items(cast("list[object]", value), node)
        self.flaw = self.flaw or _flaw_of(value, node)
        options = node.get("enum") or [node.get("const")]
        return _spelled_as(value, options) if isinstance(value, str) else value

    def _option(self, value: object, node: Schema) -> Schema:
        """Return the only schema of several that a value can be meant for; what is in doubt asks for nothing."""
        several = node.get("anyOf") or node.get("oneOf")
        if not several:
            return node
        options = [resolved(option, self._root) for option in several]
        fitting = [option for option in options if _is_of_type(value, option)]
        fitting = fitting or [option for option in options if option.get("type") != "null"]
        if len(fitting) > 1:
            fitting = [option for option in fitting if _has_tags(value, option)]
        return fitting[0] if len(fitting) == 1 else {}

    def _object(self, value: dict[str, Any], node: Schema) -> dict[str, Any]:
        properties: dict[str, Schema] = node.get("properties", {})
        rest: object = node.get("additionalProperties")
        missing = [name for name in properties if name not in value]
        made: dict[str, Any] = {}
        for name, item in value.items():
            known = name if name in properties else _spelled_as(name, missing)
            inner = properties.get(known, rest)
            made[known] = self.spelled(item, cast("dict[str, Any]", inner)) if isinstance(inner, dict) else item
        if made and properties and not rest and not properties.keys() & made.keys():
            self.flaw = f"an object has none of the members {', '.join(f'`{name}`' for name in properties)}"
        return made if len(made) == len(value) else value

    def _items(self, value: list[object], node: Schema) -> list[object]:
        first: list[Schema] = node.get("prefixItems", [])
        rest: Schema | bool = node.get("items", False)
        node_of_rest: Schema = rest if isinstance(rest, dict) else {}
        nodes = [*first, *[node_of_rest] * (len(value) - len(first))]
        return [self.spelled(item, inner) for item, inner in zip(value, nodes, strict=False)] + value[len(nodes) :]


def _spelled_as(name: str, options: list[Any]) -> str:
    if name in options:
        return name
    meant = folded(name)
    alike = [option for option in options if isinstance(option, str) and folded(option) == meant]
    return alike[0] if len(alike) == 1 else name


def _flaw_of(value: object, node: Schema) -> str:
    """Say why a number or a text cannot be meant for its place; "" where it can."""
    form = node.get("format")
    number = _as_number(value)
    if form in _TIMES and number is not None:
        return f"a {form} is a text such as {FORMATS[form].sample}, got `{value}`"
    if form == "decimal" and isinstance(value, float) and len(Decimal(repr(value)).as_tuple().digits) > _SURE_DIGITS:
        return f"a decimal of so many digits has to be a text, got the number {value}"
    is_number = node.get("type") == "number" or form == "decimal"
    is_endless = isinstance(value, str) and number is not None and not isfinite(number)
    return f"expected a number, got `{value}`" if is_endless and is_number else ""


def _as_number(value: object) -> float | None:
    try:
        return float(value) if isinstance(value, int | float | str) else None
    except (ValueError, OverflowError):
        return None


def _is_of_type(value: object, node: Schema) -> bool:
    kind = node.get("type")
    return not isinstance(kind, str) or isinstance(value, _TYPES.get(kind, object))


def _has_tags(value: object, node: Schema) -> bool:
    """Tell whether a value has the members that are the same in each value of a schema."""
    members = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    for name, inner in node.get("properties", {}).items():
        options = inner.get("enum") or ([inner["const"]] if "const" in inner else [])
        if len(options) == 1 and members.get(name) not in options:
            return False
    return True
