"""Fills texts, numbers and booleans: what the message says about the property, its default, then what else fits."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from msgspec import UNSET

from imagine._schema.fitting import FORMATS, fits_number, fits_text, plain_numbers, plain_texts
from imagine._schema.keywords import preset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imagine._schema.hints import Hints
    from imagine._schema.keywords import Schema

_NO = frozenset({"false", "no", "off"})
_T = TypeVar("_T", str, float)


class Scalars:
    """Makes the scalar values of one example."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints

    def text(self, schema: Schema, name: str) -> object:
        """Make a string."""
        named = [text for text in (self._hints.after(name),) if text]
        formatted = self._hints.matches(FORMATS[schema.format].pattern) if schema.format in FORMATS else ()
        plain = plain_texts(schema, self._hints.message, name, "text")
        return self._pick(schema, name, fits_text, named, chain(formatted, self._hints.texts(), plain))

    def number(self, schema: Schema, name: str) -> object:
        """Make a number, a whole one if the schema's type is "integer"."""
        named = self._hints.numbers(self._hints.after(name))
        said = self._hints.numbers(self._hints.message)
        return self._pick(schema, name, fits_number, named, chain(said, plain_numbers(schema)))

    def boolean(self, schema: Schema, name: str) -> object:
        """Make True, or False if the message or the default says so."""
        if self._hints.after(name).lower() in _NO:
            return False
        return True if preset(schema) is UNSET else preset(schema)

    def _pick(
        self, schema: Schema, name: str, fits: Callable[[Schema, _T], bool], named: Iterable[_T], others: Iterable[_T]
    ) -> object:
        default = preset(schema)
        candidates = chain(named, others if default is UNSET else ())
        found = next(filter(partial(fits, schema), candidates), default)
        if found is UNSET:
            raise ValueError(f"No value was found that fits {name or 'the schema'}: give it a default or examples.")
        self._hints.take(found)
        return found
