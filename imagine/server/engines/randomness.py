"""Random numbers that depend on a request and on nothing else."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

from imagine.types.base import to_json


def random_for(*content: object) -> Random:
    """Seed a random generator with a digest of the content's JSON: the same in every process, unlike `hash()`."""
    return Random(blake2b(to_json(content), digest_size=16).digest())
