"""What `progress=` of an upload is told, and what it may do."""

from __future__ import annotations

import asyncio

import pytest
from support.clients import HELLO

from imagine import ImagineException

pytestmark = pytest.mark.anyio

AUDIO = b"RIFF" + bytes(range(256)) * 10_000  # more than is read at once


async def test_progress_is_told_how_much_is_sent(client):
    """It begins with 0, grows with every piece, and ends with all of the file."""
    told = []
    await client.transcribe(AUDIO, progress=lambda sent, total: told.append((sent, total)))
    amounts = [sent for sent, _ in told]
    assert amounts == sorted(set(amounts))
    assert (told[0], told[-1]) == ((0, len(AUDIO)), (len(AUDIO), len(AUDIO)))
    assert len(told) > 10


async def test_progress_of_what_has_no_known_length(client):
    """The whole is None where nobody knows it."""
    told = []
    await client.transcribe(iter([AUDIO[:1000], AUDIO[1000:]]), progress=lambda *amounts: told.append(amounts))
    assert {total for _, total in told} == {None}
    assert told[-1][0] == len(AUDIO)


async def test_progress_of_an_empty_file(client):
    """There is nothing to tell but the start."""
    told = []
    await client.transcribe(b"", progress=lambda *amounts: told.append(amounts))
    assert told == [(0, 0)]


async def test_a_retry_starts_again_from_nothing(make_client, server):
    """Each attempt is told from 0 to the end."""
    client = await make_client()
    server.faults.script(["status;code=503;retry-after=0"])
    told = []
    await client.transcribe(AUDIO, progress=lambda sent, _: told.append(sent))
    assert told.count(0) == 2
    assert told[-1] == len(AUDIO)


@pytest.mark.parametrize("at", [0, len(AUDIO) // 2, len(AUDIO)], ids=["start", "middle", "end"])
@pytest.mark.parametrize("error", [KeyError("x"), OSError("mine"), SystemExit(3), ImagineException("mine")], ids=repr)
async def test_what_progress_raises_ends_the_call(make_client, server, error, at):
    """It comes out as it is, nothing is sent again, and the client goes on to serve."""
    seen = []
    client = await make_client(on_call=seen.append)

    def refuse(sent, _):
        if sent >= at:
            raise error

    with pytest.raises(type(error)) as caught:
        await client.transcribe(AUDIO, progress=refuse)
    assert caught.value is error
    assert [(info.outcome, len(info.attempts)) for info in seen] == [("failed", 1)]
    assert (await client.chat(HELLO, max_tokens=1)).choices


@pytest.mark.parametrize("progress", [5, asyncio.sleep])
async def test_a_progress_that_cannot_be_called_is_refused(client, server, progress):
    """What is no function, or would have to be awaited, is a TypeError, and nothing is sent."""
    with pytest.raises(TypeError, match="progress must"):
        await client.transcribe(AUDIO, progress=progress)
    assert server.requests == []
