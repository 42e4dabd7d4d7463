"""Every data class survives every way out and back in, whatever it holds."""

from __future__ import annotations

import copy
import json
import pickle
import types
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import pytest
from data_classes import DATA_CLASSES
from hypothesis import given, settings
from hypothesis import strategies as st

from imagine.exceptions import ImagineDecodeException
from imagine.types.base import DTO, to_json, to_wire
from imagine.types.common import FinishReason
from imagine.types.decoding import Decoding

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject, SearchStrategy

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PLAIN: dict[Any, SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: st.integers(),
    float: NUMBERS,
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.datetimes(),
    FinishReason: st.sampled_from(FinishReason) | st.text(max_size=20).map(FinishReason),
    Any: st.none() | st.booleans() | st.integers(-(2**63), 2**63) | NUMBERS | st.text(max_size=20),
}
NAMES = st.sampled_from(sorted({name for cls in DATA_CLASSES for name in cls.__struct_fields__}))
ANY_TEXT = st.text(st.characters(), max_size=5)  # surrogates too
WILD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | ANY_TEXT, inner, max_size=5),
)
"""JSON as Python's `json` writes it, with the fields of the data classes where they do not belong."""


def values_of(kind: Any) -> SearchStrategy[Any]:
    """Strategy for the annotation of a field."""
    arguments = get_args(kind)
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is types.UnionType:
        return st.one_of(*map(values_of, arguments))
    if get_origin(kind) is list:
        return st.lists(values_of(arguments[0]), max_size=3)
    if get_origin(kind) is dict:
        return st.dictionaries(*map(values_of, arguments), max_size=3)
    return instances_of(kind)


def instances_of(cls: type[DTO]) -> SearchStrategy[DTO]:
    """Strategy for a data class: each field is set or left to its default."""
    hints = get_type_hints(cls)
    values = {name: values_of(hints[name]) for name in cls.__struct_fields__}
    return st.builds(cls, **values)


@pytest.mark.parametrize("cls", DATA_CLASSES)
@settings(max_examples=30)
@given(data=st.data())
def test_a_data_class_survives_every_way_out_and_in(cls: type[DTO], data: DataObject) -> None:
    """JSON, dumps, pickles and copies all lead back to an equal instance; what is sent leads to what is sent again."""
    made = data.draw(instances_of(cls))
    ways = [
        Decoding(cls).decode(to_json(made)),
        cls.model_validate(made.model_dump()),
        cls.model_validate(made.model_dump(exclude_none=True)),
        cls.model_validate(json.loads(made.model_dump_json())),
        cls.model_validate(dict(made)),
        pickle.loads(pickle.dumps(made)),
        copy.copy(made),
        copy.deepcopy(made),
        made.model_copy(),
    ]
    assert [again for again in ways if again != made] == []
    assert to_wire(Decoding(cls).decode(to_json(to_wire(made)))) == to_wire(made)


@settings(max_examples=300)
@given(cls=st.sampled_from(DATA_CLASSES), body=st.binary(max_size=60) | WILD.map(json.dumps).map(str.encode))
def test_no_body_raises_a_foreign_error(cls: type[DTO], body: bytes) -> None:
    """Whatever arrives, decoding makes an instance or fails with our exception."""
    with suppress(ImagineDecodeException):
        assert isinstance(Decoding(cls).decode(body), cls)
