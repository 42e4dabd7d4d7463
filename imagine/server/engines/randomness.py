"""Random numbers that depend on a request and on nothing else."""

from __future__ import annotations

from hashlib import blake2b
from random import Random
from struct import Struct
from typing import TYPE_CHECKING

from imagine.types.base import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBERS = Struct("<16I")
"""The digest as whole numbers."""


def random_for(*content: object) -> Random:
    """Seed a random generator with a digest of the content's JSON: the same in every process, unlike `hash()`."""
    return Random(blake2b(to_json(content), digest_size=16).digest())


def fractions_for(*content: object) -> Iterator[float]:
    """Yield random numbers from 0 up to 1, likewise; to seed a generator would take longer than a short text."""
    digest = to_json(content)
    while True:
        digest = blake2b(digest).digest()
        for number in _NUMBERS.unpack(digest):
            yield number / 2**32
