"""What is read of a docstring, in three styles."""

from __future__ import annotations

import pytest

from imagine._schema.docstring import read_docstring

GOOGLE = """Tell the weather.

    Of any place.

    Args:
        city (str, optional): Its English
            name: no other.
        days: How many.
        **more: Ignored.

        unit: C or F.

    Returns:
        city: is no parameter here.
    """
NUMPY = """Tell the weather.

    Of any place.

    Parameters
    ----------
    city : str, optional
        Its English
        name: no other.
    days, unit : int
        How many.
    silent

    Returns
    -------
    city : str
        Is no parameter here.
    """
SPHINX = """Tell the weather.

    Of any place.

    :param str city: Its English
        name: no other.
    :param days: How many.
    :type days: int
    :returns: city: is no parameter here.
    """
CITY = "Its English name: no other."


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        (GOOGLE, {"city": CITY, "days": "How many.", "more": "Ignored.", "unit": "C or F."}),
        (NUMPY, {"city": CITY, "days": "How many.", "unit": "How many."}),
        (SPHINX, {"city": CITY, "days": "How many."}),
    ],
    ids=["google", "numpy", "sphinx"],
)
def test_a_parameter_has_its_text_and_the_rest_is_description(text, parameters):
    """Texts are joined over lines; the description ends at the first section."""
    assert read_docstring(text) == ("Tell the weather.\n\nOf any place.", parameters)


@pytest.mark.parametrize(
    ("text", "description", "parameters"),
    [
        (None, "", {}),
        ("", "", {}),
        ("Args:\n    city: Its name.", "", {"city": "Its name."}),
        ("Parameters\n----------\ncity : str\n    Its name.", "", {"city": "Its name."}),
        (":param city: Its name.", "", {"city": "Its name."}),
        ("It parses.\n\nArgs: none of them.", "It parses.\n\nArgs: none of them.", {}),
        ("Ratio 1:2.\n\nNote that: it is.", "Ratio 1:2.\n\nNote that: it is.", {}),
        ("It fails.\n\nRaises:\n    ValueError: Always.", "It fails.", {}),
        ("It ends.\n\nArgs:\n    a: One.\n\nMore of it: text.", "It ends.", {"a": "One."}),
        ("Args:", "", {}),
        ("Args:\n    no item\n    a (Callable[[int], str]): One.", "", {"a": "One."}),
        ("Title\n=====\n\nText.", "Title\n=====\n\nText.", {}),
    ],
)
def test_a_docstring_that_is_short_of_something_is_read_too(text, description, parameters):
    """Sections may come first, be empty, or not be there at all."""
    assert read_docstring(text) == (description, parameters)
