"""What to give in place of a class or a function where JSON is wanted."""

from __future__ import annotations

__all__ = ["refusal_of_code"]


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
