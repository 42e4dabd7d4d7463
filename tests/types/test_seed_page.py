"""The data classes hold to the published page: names, order, types and defaults."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from data_classes import DATA_CLASSES
from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields
from seed_page import ADDED_CLASSES, ADDITIONS, HOMES, PROPERTIES, REQUIRED, SEED_PAGE, WIRE_PAGE, Row

import imagine.types
from imagine.types.base import null
from imagine.types.common import FinishReason
from imagine.types.models import ModelType

if TYPE_CHECKING:
    from imagine.types.base import DTO

ROWS = [*SEED_PAGE, *WIRE_PAGE, *ADDITIONS]


def label(row: Row) -> str:
    return f"{row.owner}.{row.name}"


def field_of(row: Row) -> FieldInfo:
    [field] = [field for field in fields(getattr(imagine.types, row.owner)) if field.name == row.name]
    return field


def default_text(field: FieldInfo) -> str:
    if field.default_factory in (null, str):  # so that msgspec sends the default
        return repr(field.default_factory())
    if field.default_factory is not NODEFAULT:
        return f"{field.default_factory.__name__}()"
    return REQUIRED if field.default is NODEFAULT else repr(field.default)


def type_text(row: Row) -> str:
    classes = getattr(imagine.types, row.owner).__mro__
    [text] = [cls.__annotations__[row.name] for cls in classes if row.name in vars(cls).get("__annotations__", {})]
    return text


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_a_field_has_the_type_and_default_of_the_page_or_of_its_marked_widening(row: Row) -> None:
    """A field is as its page has it, or as the widening with a reason has it."""
    expected = row.widened or row
    assert (type_text(row), default_text(field_of(row))) == (expected.type, expected.default)


@pytest.mark.parametrize("row", [row for row in ROWS if row.widened], ids=label)
def test_a_widening_widens(row: Row) -> None:
    """A row marked as widened differs from its page and says why."""
    assert row.widened is not None
    assert (row.type, row.default) != (row.widened.type, row.widened.default)
    assert row.widened.reason


@pytest.mark.parametrize("cls", DATA_CLASSES)
def test_fields_are_in_the_order_of_the_page_and_nothing_is_unmarked(cls: type[DTO]) -> None:
    """Fields stand in the page's order; every further field is in the table of additions."""
    owner = dict(ADDED_CLASSES).get(cls.__name__, cls.__name__)
    on_page = [row.name for row in [*SEED_PAGE, *WIRE_PAGE] if row.owner == owner]
    added = {row.name for row in ADDITIONS if row.owner == owner}
    assert on_page, f"{cls.__name__} is in no table"
    assert [name for name in cls.__struct_fields__ if name not in added] == on_page
    assert added <= set(cls.__struct_fields__)


@pytest.mark.parametrize("cls", DATA_CLASSES)
def test_data_classes_take_keywords_only(cls: type[DTO]) -> None:
    """Positional construction is refused, as the page's signatures have it."""
    with pytest.raises(TypeError, match="positional"):
        cls("value")  # type: ignore[call-arg]


def test_the_tables_name_no_class_that_is_missing() -> None:
    """Every class of the tables exists."""
    tabled = {row.owner for row in ROWS} | {ours for ours, _ in ADDED_CLASSES}
    assert tabled == {cls.__name__ for cls in DATA_CLASSES}


@pytest.mark.parametrize(("owner", "name", "returns"), PROPERTIES)
def test_properties_of_the_page_exist(owner: str, name: str, returns: str) -> None:
    """The shortcuts of the page are properties with its types."""
    shortcut = getattr(getattr(imagine.types, owner), name)
    assert isinstance(shortcut, property)
    assert shortcut.fget.__annotations__["return"] == returns


def test_a_translation_is_a_completion() -> None:
    """TranslateResponse is a CompletionResponse."""
    assert issubclass(imagine.types.TranslateResponse, imagine.types.CompletionResponse)


def test_finish_reasons_are_those_of_the_page() -> None:
    """FinishReason has the four documented members, named as their values."""
    assert {reason.name: reason.value for reason in FinishReason} == {
        "stop": "stop",
        "length": "length",
        "error": "error",
        "tool_calls": "tool_calls",
    }


def test_model_types_are_those_of_the_page() -> None:
    """ModelType has the six documented members and is closed."""
    assert {kind.name: kind.value for kind in ModelType} == {
        "EMBEDDING": "embedding",
        "LLM": "llm",
        "RERANKER": "reranker",
        "TEXT_TO_IMAGE": "text_to_image",
        "TRANSCRIBE": "transcribe",
        "TRANSLATE": "translate",
    }
    with pytest.raises(ValueError, match="weather"):
        ModelType("weather")


@pytest.mark.parametrize("home", HOMES)
def test_every_module_offers_its_classes(home: str) -> None:
    """The module paths that users import today offer the classes that belong to them."""
    module = import_module(f"imagine.types.{home}")
    assert set(HOMES[home]) <= set(module.__all__)
    assert all(getattr(module, name) is getattr(imagine.types, name) for name in HOMES[home])


@pytest.mark.parametrize("path", ["", ".base", ".decoding", *(f".{home}" for home in HOMES)])
def test_public_names_are_sorted_and_exist(path: str) -> None:
    """Each `__all__` is sorted, constants first, and names what the module has."""
    module = import_module(f"imagine.types{path}")
    assert module.__all__ == sorted(module.__all__, key=lambda name: (not name.isupper() or name == "DTO", name))
    assert all(hasattr(module, name) for name in module.__all__)


def test_the_package_offers_every_class_and_enum() -> None:
    """`imagine.types` has all data classes and both enums, and nothing else."""
    assert set(imagine.types.__all__) == {cls.__name__ for cls in DATA_CLASSES} | {"FinishReason", "ModelType"}
    assert dir(imagine.types) == imagine.types.__all__


def test_a_name_that_is_no_class_is_an_attribute_error() -> None:
    """A misspelt name fails as it does in any module."""
    with pytest.raises(AttributeError, match="ChatMassage"):
        imagine.types.ChatMassage  # noqa: B018 - the access is the test
