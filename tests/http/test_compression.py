"""Compressed answers: in whatever form of gzip or deflate they come, and where they cannot be decompressed."""

from __future__ import annotations

import gzip
import json
import random
import zlib

import pytest
from support.clients import HELLO

from imagine import (
    ImagineAPIStatusException,
    ImagineConnectionException,
    ImagineStreamException,
)
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

TEXT = "Hello \N{SNOWMAN} " * 100_000
"""Longer than what is unpacked in one go."""
CHOICE = {"delta": {"content": TEXT}, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
ANSWER = json.dumps({"choices": [CHOICE]}).encode()
EVENTS = b"data: %b\n\ndata: [DONE]\n\n" % ANSWER


def bare(body):
    """Deflate without the header that it is to have."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(body) + packer.flush()


def members(body):
    """A gzip body of two members."""
    return gzip.compress(body[:1000]) + gzip.compress(body[1000:])


FORMS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-Gzip", gzip.compress),
    "gzip of two members": ("gzip", members),
    "gzip and zeros": ("gzip", lambda body: gzip.compress(body) + bytes(10)),
    "deflate": ("deflate", zlib.compress),
    "deflate without its header": ("deflate", bare),
    "none, under a name of no encoding": ("utf-8", bytes),
}


def reply(body, encoding, status="200 OK", kind="application/json", cut=1000):
    """An answer in chunks of so many bytes, after which the connection closes."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Encoding: {encoding}\r\nConnection: close\r\n"
    pieces = [body[at : at + cut] for at in range(0, len(body), cut)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return Raw([f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"])


@pytest.mark.parametrize(("encoding", "packed"), FORMS.values(), ids=FORMS.keys())
@pytest.mark.parametrize("cut", [1000, 2**20])
async def test_every_form_is_unpacked(client, server, encoding, packed, cut):
    """What was compressed comes whole, in answers and in streams, wherever the network cuts it."""
    server.faults.script(
        [
            reply(packed(ANSWER), encoding, cut=cut),
            reply(packed(EVENTS), encoding, kind="text/event-stream", cut=cut),
        ]
    )
    assert (await client.chat(HELLO)).first_content == TEXT
    assert (await client.chat_stream(HELLO).final()).first_content == TEXT


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip", "deflate", "gzip, br"])
@pytest.mark.parametrize("status", ["503 Service Unavailable", "429 Too Many Requests"])
@pytest.mark.parametrize("route", ["chat", "chat_stream"])
async def test_an_undecodable_error_keeps_its_status(make_client, server, encoding, status, route):
    """The call is sent again as the status asks, and the attempt says what was wrong with the body."""
    busy = reply(b"no such bytes", f"{encoding}\r\nRetry-After: 0", status)
    server.faults.script([busy])
    client = await make_client(max_retries=1)
    asked = getattr(client, route)(HELLO, max_tokens=2)
    answer = await (asked if route == "chat" else asked.final())
    assert answer.choices[0].finish_reason == "length"
    cause = f"{status[:3]} from POST chat/completions, whose body cannot be decompressed: {encoding}"
    assert answer.call.attempts[-1].cause == cause


async def test_an_undecodable_error_is_told(client, server):
    """Its exception is that of the status, and nothing is made up for the body."""
    server.faults.script([reply(b"no such bytes", "br", "503 Service Unavailable")])
    with pytest.raises(
        ImagineAPIStatusException, match=r"503 from .*, whose body cannot be decompressed: br"
    ) as caught:
        await client.chat(HELLO)
    assert (caught.value.http_status, caught.value.body) == (503, "")


async def test_a_compressed_body_that_ends_early_is_cut(client, server):
    """Half of what was compressed is an error, though the HTTP around it is whole."""
    server.faults.script([reply(gzip.compress(bytes(10**5))[:-9], "gzip")])
    with pytest.raises(ImagineConnectionException, match="cannot be decompressed: gzip, which ends early"):
        await client.request("GET", "ping")


async def test_a_stream_that_stops_making_sense_keeps_what_came(client, server):
    """Events before the bytes that cannot be decompressed are delivered, then it is told."""
    packer = zlib.compressobj(wbits=31)
    event = b'data: {"choices": [{"delta": {"content": "Hello"}}]}\n\n'
    long = b": %b\n\n" % random.Random(1).randbytes(2**20).hex().encode()  # more than one read
    sound = packer.compress(event + long) + packer.flush(zlib.Z_SYNC_FLUSH)
    server.faults.script([reply(sound + b"\xff" * 50, "gzip", kind="text/event-stream")])
    with pytest.raises(ImagineStreamException, match="cannot be decompressed: gzip") as caught:
        await client.chat_stream(HELLO).final()
    assert caught.value.partial.first_content == "Hello"
