"""Awkward answers: each has the value that is in it, or is refused; none is made up."""

from __future__ import annotations

import pytest
from awkward import AWKWARD
from support.clients import HELLO

from imagine import ImagineParseException
from imagine.server import Reply

pytestmark = pytest.mark.anyio
NAMED = [pytest.param(row, id=row.name) for row in AWKWARD]


@pytest.mark.parametrize("row", NAMED)
async def test_a_value_is_read_or_refused(client, server, row):
    """By whichever way it was asked for, an answer is read the same."""
    server.chat.replies(Reply(row.text, tool_calls=row.calls, finish_reason=row.finish_reason))
    if row.has_value:
        parsed = await client.chat_parse(HELLO, row.kind, ways=["content"], asks=1)
        assert (parsed.value, type(parsed.value)) == (row.value, type(row.value))
        return
    with pytest.raises(ImagineParseException) as raised:
        await client.chat_parse(HELLO, row.kind, ways=["tool"], asks=1)
    assert raised.value.cut is (row.finish_reason == "length")


@pytest.mark.parametrize("row", NAMED)
async def test_a_stream_ends_as_the_whole_answer_does(client, server, row):
    """What is shown meanwhile changes nothing of the value, or of the refusal."""
    server.chat.replies(Reply(row.text, tool_calls=row.calls, finish_reason=row.finish_reason))
    async with client.chat_parse_stream(HELLO, row.kind, ways=["content"]) as stream:
        if row.has_value:
            assert (await stream.final()).value == row.value
            return
        with pytest.raises(ImagineParseException):
            await stream.final()
