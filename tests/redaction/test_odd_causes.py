"""What a user's own code raises is a cause: whatever kind it is of, it shows no secret and hides no failure."""

from __future__ import annotations

import traceback

import pytest

from imagine import ImagineException

pytestmark = pytest.mark.anyio

KEY = "sk-SECRETKEY-0123456789abcdef"


class Mute(Exception):
    """An error that cannot tell what it is."""

    def __str__(self):
        raise LookupError(KEY)

    __repr__ = __str__


def noted():
    """An error with the key in a note."""
    error = LookupError("no such file")
    error.add_note(f"the key was {KEY}")
    return error


def caused():
    """An error with the key in its cause."""
    error = LookupError("no such file")
    error.__cause__ = KeyError(KEY)
    return error


class Failing:
    """A file whose `read` raises."""

    def __init__(self, error):
        self._error = error

    def read(self, _size):
        raise self._error


@pytest.mark.parametrize(
    "error",
    [
        noted(),
        ExceptionGroup("two", [noted(), ValueError("other")]),
        ExceptionGroup("one", [caused()]),
        ExceptionGroup("outer", [ExceptionGroup("inner", [noted()])]),
    ],
    ids=["note", "note in a group", "cause in a group", "group in a group"],
)
async def test_groups_and_notes_show_no_secret(make_client, error):
    """A group of errors is looked into: their notes and causes are among what is shown."""
    client = await make_client(api_key=KEY)
    with pytest.raises(ImagineException, match="input_file could not be read") as caught:
        await client.transcribe(Failing(error))
    assert KEY not in "".join(traceback.format_exception(caught.value))


async def test_a_group_without_secrets_stays_what_it_is(make_client):
    """A cause that shows nothing can be caught by what is in it."""
    client = await make_client(api_key=KEY)
    group = ExceptionGroup("two", [LookupError("one"), ValueError("other")])
    with pytest.raises(ImagineException) as caught:
        await client.transcribe(Failing(group))
    assert caught.value.__cause__ is group


@pytest.mark.parametrize("error", [Mute(), ExceptionGroup("one", [Mute()])], ids=["alone", "in a group"])
async def test_an_error_that_cannot_be_shown_hides_no_failure(make_client, error):
    """An error whose own text fails is told by the name of its class, and the call has its record."""
    calls = []
    client = await make_client(api_key=KEY, on_call=calls.append)
    with pytest.raises(ImagineException, match=type(error).__name__) as caught:
        await client.transcribe(Failing(error))
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert [call.outcome for call in calls] == ["failed"]


async def test_a_key_function_may_raise_an_error_that_cannot_be_shown(make_client):
    """It is told by the name of its class, too."""
    client = await make_client(api_key=lambda: Failing(Mute()).read(1))
    with pytest.raises(ImagineException, match="api_key= could not be asked for the key: Mute"):
        await client.ping()
