"""Draws pictures of coloured shapes; it does not understand the prompt, but the prompt determines every shape."""

from __future__ import annotations

import re
from math import isqrt
from typing import TYPE_CHECKING

from imagine.server.engines.png import png
from imagine.server.engines.randomness import random_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from imagine.types.images import ImageRequest

_LARGEST = 2048
_MOST_STEPS = 100
_SIZE = re.compile(r"([0-9]{1,4})x([0-9]{1,4})")


class ShapesImageEngine:
    """Draws one shape per inference step over a gradient; prompt, negative prompt and seed set colours and places.

    `guidance_scale` and `cache_interval` are ignored.
    """

    def draw(self, request: ImageRequest, index: int) -> bytes:
        """Draw image `index` of the request, whose seed is `seed + index * seed_increment`, in the requested size.

        ValueError for a size that is not like "512x512" or larger than 2048, and for steps not from 1 to 100.
        """
        width, height = _size(request.size)
        if not 1 <= request.num_inference_steps <= _MOST_STEPS:
            raise ValueError(f"num_inference_steps must be from 1 to {_MOST_STEPS}, not {request.num_inference_steps}.")
        seed = request.seed + index * request.seed_increment
        generator = random_for(request.prompt, request.negative_prompt, seed)
        canvas = _Canvas(width, height, generator)
        for _ in range(request.num_inference_steps):
            canvas.add_shape(generator)
        return png(width, canvas.rows, Software="imagine local server: shapes drawn from prompt and seed")


class _Canvas:
    """Rows of RGB pixels, painted span by span: operations on bytes replace loops over pixels."""

    def __init__(self, width: int, height: int, generator: Random) -> None:
        self._width, self._height = width, height
        top, bottom = _colour(generator), _colour(generator)
        self.rows = [bytearray(_mixed(top, bottom, y / height) * width) for y in range(height)]

    def add_shape(self, generator: Random) -> None:
        """Paint a disc or a box somewhere, up to a third of the shorter side across."""
        line = _colour(generator) * self._width
        x, y = generator.randrange(self._width), generator.randrange(self._height)
        radius = generator.randint(1, max(1, min(self._width, self._height) // 6))
        for row, half in generator.choice((_disc, _box))(radius):
            if 0 <= y + row < self._height:
                left, right = max(0, x - half), min(self._width, x + half + 1)
                self.rows[y + row][3 * left : 3 * right] = line[: 3 * (right - left)]


def _disc(radius: int) -> Iterator[tuple[int, int]]:
    return ((row, isqrt(radius**2 - row**2)) for row in range(-radius, radius + 1))


def _box(radius: int) -> Iterator[tuple[int, int]]:
    return ((row, radius) for row in range(-radius, radius + 1))


def _colour(generator: Random) -> bytes:
    return generator.randbytes(3)


def _mixed(one: bytes, other: bytes, share: float) -> bytes:
    return bytes(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    if found is None or not all(1 <= int(side) <= _LARGEST for side in found.groups()):
        raise ValueError(f'size must be like "512x512", each side from 1 to {_LARGEST} pixels, not {text!r}.')
    return int(found[1]), int(found[2])
