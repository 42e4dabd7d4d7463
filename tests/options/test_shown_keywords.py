"""How the keywords behind `**options` are shown."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

import imagine

CLIENTS = [imagine.ImagineAsyncClient, imagine.ImagineClient]


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_signature_is_as_good_as_any_other(kind):
    """A signature that has not been looked at yet is compared, copied, pickled and changed as others are."""
    whole = inspect.Signature(list(inspect.signature(kind.chat).parameters.values()), return_annotation="ChatAnswer")
    shown = inspect.signature(kind.chat_stream)
    assert shown.replace(return_annotation="ChatAnswer") != whole
    assert copy.copy(inspect.signature(kind.completion)) == inspect.signature(kind.completion)
    assert pickle.loads(pickle.dumps(inspect.signature(kind.translate))) == inspect.signature(kind.translate)
    assert inspect.signature(kind.chat).replace(return_annotation="ChatAnswer") == whole


@pytest.mark.parametrize("kind", CLIENTS)
def test_what_a_signature_does_not_have_is_an_attribute_error(kind):
    """Asking a signature for anything else fails as with any other."""
    assert not hasattr(inspect.signature(kind.embeddings), "keywords")
    assert not hasattr(inspect.signature(kind.embeddings).replace(return_annotation="Vectors"), "keywords")


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_signature_is_shown_as_any_other(kind):
    """What a notebook prints of it, bound or not, does not tell that it is put together late."""
    for shown in (inspect.signature(kind), inspect.signature(kind.ping)):
        assert repr(shown) == f"<Signature {shown}>"
