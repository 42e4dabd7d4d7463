"""What is said about a keyword that a method does not know."""

from __future__ import annotations

from imagine._instead import nearest

__all__ = ["TAKEN", "unexpected_keyword"]

TAKEN: dict[str, list[str]] = {}
"""The keywords that each method takes."""


def unexpected_keyword(method: str, name: str) -> TypeError:
    """Return the error for a keyword, which says what was meant, or where else it goes."""
    return TypeError(f"{method}() got an unexpected keyword argument {name!r}: {_hint(method, name)}")


def _hint(method: str, name: str) -> str:
    if name == "stream":
        return _about_streams(method)
    meant = nearest(name, TAKEN[method])
    return f"did you mean {meant}?" if meant else "what the service alone knows goes into extra_body="


def _about_streams(method: str) -> str:
    if method.endswith("_stream"):
        return "it always streams, leave it out"
    return f"use {method}_stream()" if f"{method}_stream" in TAKEN else "it cannot stream"
