"""A vector or a file does not flood a log or a notebook."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from imagine.types.embeddings import EmbeddingObject, EmbeddingResponse
from imagine.types.images import Image, ImageResponse

if TYPE_CHECKING:
    from imagine.types.base import PlainDTO

VECTOR = EmbeddingObject(embedding=[0.5] * 4096, index=1)
PICTURE = Image(b64_json="A" * 1_000_000)


def test_a_vector_shows_its_beginning() -> None:
    """The repr has the first numbers, and the other fields whole."""
    assert repr(VECTOR) == "EmbeddingObject(object='', embedding=[0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ...], index=1)"


def test_an_image_shows_its_ends() -> None:
    """The repr of a file in Base64 has its beginning and its end; an address is whole."""
    assert len(repr(PICTURE)) < 250
    assert repr(Image(url="http://127.0.0.1/1.png")) == "Image(b64_json=None, url='http://127.0.0.1/1.png')"


@pytest.mark.parametrize("whole", [EmbeddingResponse(data=[VECTOR]), ImageResponse(data=[PICTURE])])
def test_an_answer_shows_them_in_short(whole: PlainDTO) -> None:
    """What holds vectors or images has a short repr, too."""
    assert len(repr(whole)) < 350


@pytest.mark.parametrize("made", [VECTOR, PICTURE])
def test_rich_shows_them_in_short(made: PlainDTO) -> None:
    """What rich asks for is as short, a pair for each field."""
    pairs = made.__rich_repr__()
    assert [name for name, _ in pairs] == list(made.__struct_fields__)
    assert sum(len(repr(item)) for _, item in pairs) < 300


@pytest.mark.parametrize("made", [VECTOR, PICTURE])
def test_nothing_but_the_repr_is_short(made: PlainDTO) -> None:
    """Dumps, copies and pickles are whole."""
    assert made == type(made).model_validate(made.model_dump()) == pickle.loads(pickle.dumps(made)) == copy.copy(made)
