"""Files whose methods fail in ways of their own: told, and never in the way of others."""

from __future__ import annotations

import io

import pytest
from support.clients import HELLO

from imagine import ImagineException

pytestmark = pytest.mark.anyio


class Failing(io.BytesIO):
    """A file of which one method raises."""

    def __init__(self, method, error):
        super().__init__(b"RIFF")
        self._error = error
        setattr(self, method, self._raise)

    def _raise(self, *_):
        raise self._error


@pytest.mark.parametrize("method", ["seekable", "tell", "seek", "read"])
@pytest.mark.parametrize("error", [KeyError("gone"), StopIteration(), KeyboardInterrupt(), SystemExit(3)], ids=repr)
async def test_whatever_a_file_raises_is_told(client, method, error):
    """What a method of the file raises is the cause of an ImagineException; it ends no loop, and no wait is endless."""
    with pytest.raises(ImagineException, match=f"input_file.*{type(error).__name__}") as caught:
        await client.transcribe(Failing(method, error), timeout=30)
    assert caught.value.__cause__ is error
    assert (await client.chat(HELLO, max_tokens=2)).choices
