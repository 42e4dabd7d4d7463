"""What a completion goes on from: the beginning of the value that is asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from imagine._asking.spelling import resolved
from imagine.types.base import to_json

if TYPE_CHECKING:
    from imagine._schema.target import Target

__all__ = ["prime_of", "primed"]

_TEXTS = frozenset({"string", "integer", "number", "boolean", "null"})
_BRACKET = "{"
_ANEW = ("{", "[", "`", "<")
_VALUE = re.compile(
    r"""
    \s* ["'\u201c\[]
    | \s* (?: -?\d+ (?:\.\d+)? (?:[eE][+-]?\d+)? | true | false | null | True | False | None ) \s* (?: [,}\]] | \Z )
    """,
    re.VERBOSE,
)
"""What may stand behind a name, unlike a sentence."""


def prime_of(target: Target[Any]) -> str:
    """Return how a value begins: `{"name":`, or the bracket alone where that may be left out, or be an object.

    Of one more such bracket, nobody could tell whether it goes on or begins anew. One of a list is left to the model:
    it may be half of a token, and the list may be empty.
    """
    schema = target.schema
    if target.kind != "object":
        return _named("value", schema, schema) or _BRACKET
    for name, node in list(schema.get("properties", {}).items())[:1]:
        if name in schema.get("required", ()):
            return _named(name, node, schema) or _BRACKET
    return _BRACKET


def primed(text: str, prime: str) -> str:
    """Return a completion with the beginning that it goes on from, unless it began anew or is a sentence."""
    if prime == _BRACKET:
        return text if text.lstrip().startswith(_ANEW) else prime + text
    return prime + text if _VALUE.match(text) else text


def _named(name: str, node: dict[str, Any], root: dict[str, Any]) -> str:
    is_sure = resolved(node, root).get("type") == "array" or _is_text(node, root)
    return f"{{{to_json(name).decode()}:" if is_sure else ""


def _is_text(node: dict[str, Any], root: dict[str, Any]) -> bool:
    """Tell whether a value is written without brackets."""
    node = resolved(node, root)
    if several := node.get("anyOf") or node.get("oneOf"):
        return all(_is_text(option, root) for option in cast("list[dict[str, Any]]", several))
    return "enum" in node or "const" in node or node.get("type") in _TEXTS
