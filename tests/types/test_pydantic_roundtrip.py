"""Whatever a data class holds, pydantic reads and writes it as the class does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from data_classes import DATA_CLASSES
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from test_dto_roundtrip import instances_of

from imagine.types.base import to_json

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

    from imagine.types.base import DTO


@pytest.mark.parametrize("cls", DATA_CLASSES)
@settings(max_examples=20)
@given(data=st.data())
def test_pydantic_reads_and_writes_every_class(cls: type[DTO], data: DataObject) -> None:
    """Instances pass as they are, dumps become equal ones, and the JSON says what that of the class says."""
    made = data.draw(instances_of(cls))
    adapter = TypeAdapter(cls)
    assert adapter.validate_python(made) is made
    assert adapter.validate_python(adapter.dump_python(made)) == made
    assert adapter.validate_python(made.model_dump(mode="json")) == made
    assert adapter.validate_json(made.model_dump_json()) == made
    written = json.loads(adapter.dump_json(made))
    assert written == json.loads(made.model_dump_json()) == json.loads(to_json(made.model_dump()))


@pytest.mark.parametrize("cls", DATA_CLASSES)
@settings(max_examples=10)
@given(data=st.data(), option=st.sampled_from(["exclude_none", "exclude_unset", "exclude_defaults"]))
def test_pydantic_leaves_out_what_a_dump_leaves_out(cls: type[DTO], data: DataObject, option: str) -> None:
    """The options of pydantic's dump are those of the class's own, and what is left out is its default."""
    made = data.draw(instances_of(cls))
    written = TypeAdapter(cls).dump_python(made, mode="json", **{option: True})
    assert written == made.model_dump(mode="json", **{option: True})
    assert cls.model_validate(written) == cls.model_validate_json(made.model_dump_json(**{option: True})) == made
