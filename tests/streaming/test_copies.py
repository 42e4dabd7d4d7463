"""A stream is one connection, of which there is no copy."""

from __future__ import annotations

import copy
import pickle

import pytest
from support.clients import HELLO, Blocking

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
async def test_a_stream_is_not_copied(client, copied):
    """The refusal says why, and the stream goes on."""
    stream = client.chat_stream(HELLO, max_tokens=5)
    await anext(aiter(stream))
    with pytest.raises(TypeError, match="one connection"):
        copied(stream._inner if isinstance(stream, Blocking) else stream)
    assert (await stream.final()).choices[0].finish_reason == "length"
