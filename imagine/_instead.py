"""What to give in place of a class or a function where JSON is wanted, and of a word that is nearly another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["check_word", "nearest", "refusal_of_code"]

_SLIP = 0.75
"""How like a known word another is that was meant to be it: `uesr` is, `user_message` is not."""


def nearest(word: str, known: Collection[str], likeness: float = 0.6) -> str | None:
    """Return the known word that was meant, whatever its case; None where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(word.lower(), known, 1, likeness)
    return near[0] if near else None


def check_word(name: str, word: str, known: Collection[str]) -> None:
    """Refuse a word that is nearly a known one by ValueError; others may be right, for services have their own."""
    if word not in known and (meant := nearest(word, known, _SLIP)):
        raise ValueError(f"{name} is {word!r}: did you mean '{meant}'?")


def refusal_of_code(value: object, where: str) -> TypeError:
    """Return the error for a class or a function that stands in a body."""
    name = getattr(value, "__name__", repr(value))
    what = "class" if isinstance(value, type) else "function"
    return TypeError(f"{where} holds the {what} {name}: JSON has no form for it; {_instead(value, where, name)}")


def _instead(value: object, where: str, name: str) -> str:
    if where.startswith("tool"):
        described = f'{{"name": "{name}", "description": ..., "parameters": its JSON Schema}}'
        return f'describe it as {{"type": "function", "function": {described}}}'
    if not isinstance(value, type):
        return "give what it returns"
    schema = f"{name}.model_json_schema()" if hasattr(value, "model_json_schema") else f"msgspec.json.schema({name})"
    if where.startswith("response_format"):
        return f'give {{"type": "json_schema", "json_schema": {{"name": "{name}", "schema": {schema}}}}}'
    return f"give an instance of it, or its JSON Schema, {schema}"
