"""What an upload is read from: bytes, iterators, async files, and files that change, hang or fail on the way."""

from __future__ import annotations

import asyncio
import hashlib
import io
import logging
import os
import threading

import pytest
from support.clients import HELLO, until

from imagine import ImagineException, ImagineTimeoutException, Timeout

pytestmark = pytest.mark.anyio

AUDIO = b"RIFF" + bytes(range(256)) * 10_000  # more than is read at once


def digest(content):
    return hashlib.sha256(content).hexdigest()


def arrived(server):
    """The digests of the files that came."""
    return [request.form["file"].sha256 for request in server.requests]


class AsyncFile:
    """A file whose `read` is awaited."""

    name = "speech.wav"

    def __init__(self, content):
        self._content = io.BytesIO(content)

    async def read(self, size=-1):
        await asyncio.sleep(0)
        return self._content.read(size)


class FrameworkUpload(AsyncFile):
    """An upload as web frameworks hand it over: it holds a file that blocks."""

    filename = "voice.mp3"

    @property
    def file(self):
        return self._content


def pieces():
    """The audio from a generator, with an empty piece that is no end."""
    yield AUDIO[:1000]
    yield b""
    yield bytearray(AUDIO[1000:5000])
    yield memoryview(AUDIO)[5000:]


async def async_pieces():
    for piece in pieces():
        yield piece


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda content: [content[:9], content[9:]]])
async def test_bytes_are_an_upload(make_client, server, kind):
    """Bytes of every kind, and a list of them, go out with their length and a given name, again if need be."""
    client = await make_client()
    server.faults.script(["status;code=503;retry-after=0"])
    await client.transcribe(kind(AUDIO), file_name="speech.wav")
    assert arrived(server) == [digest(AUDIO)] * 2
    assert server.requests[0].form["file"].filename == "speech.wav"
    assert "Content-Length" in server.requests[0].headers


async def test_an_iterator_is_an_upload(client, server):
    """A generator of bytes goes out in chunks, and whole."""
    await client.transcribe(pieces())
    assert arrived(server) == [digest(AUDIO)]
    assert server.requests[0].headers["Transfer-Encoding"] == "chunked"


@pytest.mark.parametrize("face", ["async"], indirect=True)
@pytest.mark.parametrize("source", [lambda: AsyncFile(AUDIO), async_pieces])
async def test_async_files_and_iterators_are_uploads(client, server, source):
    """What has to be awaited is awaited, and goes out whole."""
    await client.transcribe(source())
    assert arrived(server) == [digest(AUDIO)]


@pytest.mark.parametrize("face", ["blocking"], indirect=True)
@pytest.mark.parametrize("source", [lambda: AsyncFile(AUDIO), async_pieces])
async def test_what_must_be_awaited_is_refused_by_a_client_that_blocks(client, server, source):
    """It may belong to another loop: a TypeError says what to give instead."""
    with pytest.raises(TypeError, match=r"input_file is async .* use ImagineAsyncClient"):
        await client.transcribe(source())
    assert server.requests == []


async def test_an_upload_of_a_web_framework_is_read_from_its_file(make_client, server):
    """Its own file can be rewound, so it is sent with its length and name, and again if need be, by both clients."""
    client = await make_client()
    server.faults.script(["status;code=503;retry-after=0"])
    await client.transcribe(FrameworkUpload(AUDIO))
    assert arrived(server) == [digest(AUDIO)] * 2
    assert server.requests[1].form["file"].filename == "voice.mp3"


async def test_an_iterator_is_not_sent_again(make_client, server):
    """There is no second attempt with what is spent."""
    client = await make_client()
    server.faults.script(["status;code=503;retry-after=0"])
    with pytest.raises(ImagineException, match="503"):
        await client.transcribe(pieces())
    assert len(server.requests) == 1


async def test_a_pipe_is_read_once(client, server, tmp_path):
    """A path that leads to a pipe has no length: it goes out in chunks."""
    os.mkfifo(path := tmp_path / "speech.wav")
    writing = asyncio.create_task(asyncio.to_thread(path.write_bytes, AUDIO))
    await client.transcribe(path)
    await writing
    assert arrived(server) == [digest(AUDIO)]


@pytest.mark.parametrize("source", [lambda: iter(["RIFF"]), lambda: iter([5]), lambda: Scripted("RIFF")])
async def test_what_gives_no_bytes_is_refused_unsent(client, server, source):
    """A first piece that is text or a number is a TypeError that names the argument."""
    with pytest.raises(TypeError, match="input_file gave"):
        await client.transcribe(source())
    assert server.requests == []


async def test_what_gives_no_bytes_later_is_told(client, server):
    """Further on it is an error that says the same."""
    with pytest.raises(ImagineException, match="input_file gave str"):
        await client.transcribe(iter([AUDIO, "RIFF"]))


@pytest.mark.parametrize("options", [{"file_name": "\ud800.wav"}, {"model": "\ud800"}, {"extra_body": {"x": "\ud800"}}])
async def test_text_that_is_not_utf8_is_refused(client, server, options):
    """A name or a field with a lone surrogate is a ValueError that names it, and nothing is sent."""
    with pytest.raises(ValueError, match=r"file_name|model|'x'"):
        await client.transcribe(AUDIO, **options)
    assert server.requests == []


async def test_a_name_that_is_no_text_is_refused(client, server):
    """A name of another type is a TypeError that names the argument."""
    with pytest.raises(TypeError, match="file_name must be a str, not int"):
        await client.transcribe(AUDIO, file_name=5)
    assert server.requests == []


async def test_a_path_that_is_not_utf8_needs_another_name(client, server, tmp_path):
    """Its name is refused with what to do; with `file_name=` the file is sent."""
    path = tmp_path / os.fsdecode(b"\xff.wav")
    path.write_bytes(AUDIO)
    with pytest.raises(ValueError, match=r"the name of input_file, .*, is not UTF-8: give another as file_name="):
        await client.transcribe(path)
    await client.transcribe(path, file_name="speech.wav")
    assert arrived(server) == [digest(AUDIO)]


class Scripted(io.RawIOBase):
    """A file whose reads return, or raise, what they were told to."""

    def __init__(self, *reads):
        self._reads = iter(reads)

    def read(self, size=-1):
        outcome = next(self._reads, b"")
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


@pytest.mark.parametrize("error", [OSError(5, "gone"), KeyError("x"), StopIteration(), SystemExit(1), EOFError()])
@pytest.mark.parametrize("before", [[], [AUDIO]])
async def test_whatever_a_read_raises_is_the_cause(client, server, error, before):
    """An error of the file, be it the first read or a later one, is the cause of ours."""
    with pytest.raises(ImagineException, match="input_file could not be read to its end") as caught:
        await client.transcribe(Scripted(*before, error))
    assert caught.value.__cause__ is error
    assert (await client.chat(HELLO, max_tokens=1)).choices


@pytest.mark.parametrize("face", ["async"], indirect=True)
async def test_whatever_an_async_iterator_raises_is_the_cause(client, server):
    """An error of an async generator is the cause of ours."""
    error = LookupError("lost")

    async def failing():
        yield AUDIO
        raise error

    with pytest.raises(ImagineException, match="LookupError: lost") as caught:
        await client.transcribe(failing())
    assert caught.value.__cause__ is error


class Changing(io.BytesIO):
    """A file that somebody writes to: it has another length than it had when it was opened."""

    def __init__(self, told):
        super().__init__(AUDIO)
        self._told = told

    def seek(self, offset, whence=io.SEEK_SET):
        return self._told if whence == io.SEEK_END else super().seek(offset, whence)


@pytest.mark.parametrize(("change", "told"), [(-1, "longer"), (-len(AUDIO), "longer"), (1, "shorter")])
async def test_a_file_that_changes_its_length_is_told(make_client, server, change, told):
    """Neither is a form without its end good, nor does anybody wait for bytes that do not come."""
    client = await make_client()
    with pytest.raises(ImagineException, match=f"input_file became {told} while it was sent") as caught:
        await client.transcribe(Changing(len(AUDIO) + change))
    assert type(caught.value) is ImagineException
    assert len(caught.value.call.attempts) == 1
    assert (await client.chat(HELLO, max_tokens=1)).choices


class Slow(io.BytesIO):
    """A file on a share: its second read takes until it is let go."""

    def __init__(self, content):
        super().__init__(content)
        self.reads = 0
        self.let_go = threading.Event()

    def read(self, size=-1):
        self.reads += 1
        if self.reads == 2:
            assert self.let_go.wait(30)
        return super().read(1000 if self.reads == 1 else size)


async def test_a_retry_waits_for_the_read_before_it(make_client, server, caplog):
    """A read of the first attempt that is under way does not move the file under the second."""
    caplog.set_level(logging.INFO, "imagine")
    client = await make_client()
    server.faults.script(["reset-before-body"])
    file = Slow(AUDIO)
    sending = asyncio.create_task(client.transcribe(file))
    await until(lambda: "; attempt 2 in" in caplog.text)
    file.let_go.set()
    await sending
    assert file.reads > 2
    assert server.requests[-1].form["file"].sha256 == digest(AUDIO)


async def test_a_read_that_hangs_stops_nobody(make_client, server):
    """It is a time limit for its own call, while the loop and other calls go on."""
    client = await make_client(timeout=Timeout(write=0.2), max_retries=0)
    file = Slow(AUDIO)
    with pytest.raises(ImagineTimeoutException, match=r"write=0\.2 s"):
        await client.transcribe(file)
    assert (await client.ping()).message == "pong"
    file.let_go.set()


async def test_a_path_that_hangs_stops_nobody(make_client, server, tmp_path):
    """A pipe that nobody writes to cannot even be opened: a time limit of its own call, while the loop goes on."""
    client = await make_client(max_retries=0)
    os.mkfifo(path := tmp_path / "speech.wav")
    with pytest.raises(ImagineTimeoutException, match=r"write=0\.2 s"):
        await client.transcribe(path, timeout=Timeout(write=0.2))
    assert (await client.ping()).message == "pong"
    os.close(os.open(path, os.O_RDWR))  # lets the thread go
