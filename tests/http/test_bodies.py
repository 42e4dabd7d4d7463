"""Transcription: a file on its way, from a path or a file object, once or more than once."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from support.listeners import answer, listening

from imagine import ImagineAPIException, ImagineException, TranscribeResponse

pytestmark = pytest.mark.anyio

AUDIO = b"RIFF" + bytes(range(256)) * 1000
LONG = 50 * 2**20


@pytest.fixture
def recording(tmp_path):
    """An audio file."""
    path = tmp_path / "speech.wav"
    path.write_bytes(AUDIO)
    return path


def digest(content):
    return hashlib.sha256(content).hexdigest()


def uploads(server):
    """The files as they arrived."""
    return [request.form["file"] for request in server.requests]


class Once(io.RawIOBase):
    """A source that can be read but not rewound, such as a pipe."""

    def __init__(self, content):
        self._content = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._content.readinto(buffer)


async def test_a_path_is_uploaded_as_a_form(client, server, recording):
    """A form has the model and the file with its name and type; it comes with its length, and asks for JSON."""
    result = await client.transcribe(str(recording))
    [request] = server.requests
    upload = request.form["file"]
    assert isinstance(result, TranscribeResponse)
    assert result.text
    assert (request.method, request.path) == ("POST", "/apis/v2/transcribe")
    assert set(request.form) == {"model", "file"}
    assert request.form["model"] == "whisper-tiny"
    assert upload.filename == "speech.wav"
    assert upload.content_type.startswith("audio/")
    assert (upload.size, upload.sha256) == (len(AUDIO), digest(AUDIO))
    assert request.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert request.headers["Accept"] == "application/json"
    assert int(request.headers["Content-Length"]) > len(AUDIO)


@pytest.mark.parametrize("form", [str, Path])
async def test_a_path_may_be_text_or_a_path(client, server, recording, form):
    """Both kinds of paths are opened, and closed again."""
    await client.transcribe(form(recording), "whisper-tiny")
    assert uploads(server)[0].sha256 == digest(AUDIO)


async def test_a_file_object_is_read_from_where_it_stands_and_left_open(client, server, recording):
    """What was read of a file before is not sent, and the file stays the user's."""
    with recording.open("rb") as file:
        file.seek(1000)
        await client.transcribe(file)
        assert not file.closed
        assert file.read() == b""
    [upload] = uploads(server)
    assert (upload.filename, upload.sha256) == ("speech.wav", digest(AUDIO[1000:]))


async def test_bytes_in_memory_are_a_file(client, server):
    """A BytesIO has no name, and gets one that says what it is for; one with a name keeps it."""
    named = io.BytesIO(AUDIO)
    named.name = "/somewhere/else/voice.mp3"
    await client.transcribe(io.BytesIO(AUDIO))
    await client.transcribe(named)
    bare, known = uploads(server)
    assert bare.filename
    assert (bare.sha256, bare.content_type) == (digest(AUDIO), "application/octet-stream")
    assert (known.filename, known.content_type) == ("voice.mp3", "audio/mpeg")


@pytest.mark.parametrize("opened", [tempfile.TemporaryFile, tempfile.SpooledTemporaryFile])
async def test_temporary_files_are_files(client, server, opened):
    """Files whose name is a number, or nothing, are uploaded all the same."""
    with opened() as file:
        file.write(AUDIO)
        file.seek(0)
        await client.transcribe(file)
    assert uploads(server)[0].sha256 == digest(AUDIO)


async def test_an_empty_file_is_sent(client, server, tmp_path):
    """A file without content is sent as it is: what to make of it is the service's to say."""
    (tmp_path / "empty.wav").touch()
    with suppress(ImagineAPIException):
        await client.transcribe(tmp_path / "empty.wav")
    assert uploads(server)[0].size == 0


async def test_a_name_keeps_its_letters(client, server, tmp_path):
    """A file name goes as browsers write it: in UTF-8, with quotes and line ends escaped, so that it stays a name."""
    path = tmp_path / 'grüße "1".wav'
    path.write_bytes(AUDIO)
    await client.transcribe(path)
    file = io.BytesIO(AUDIO)
    file.name = 'a.wav"\r\nX-Evil: 1\r\n\r\n'
    await client.transcribe(file)
    assert [upload.filename for upload in uploads(server)] == [
        "grüße %221%22.wav",
        "a.wav%22%0D%0AX-Evil: 1%0D%0A%0D%0A",
    ]
    assert {upload.sha256 for upload in uploads(server)} == {digest(AUDIO)}


async def test_what_cannot_be_rewound_is_sent_in_chunks(client, server):
    """A source of unknown length goes out chunked, and whole."""
    await client.transcribe(io.BufferedReader(Once(AUDIO)))
    [request] = server.requests
    assert request.form["file"].sha256 == digest(AUDIO)
    assert request.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in request.headers


@pytest.mark.parametrize("fault", ["status;code=503", "reset-before-answer", "status;code=429;retry-after=0"])
async def test_what_cannot_be_rewound_is_not_sent_again(make_client, server, fault):
    """There is no second attempt with a source that is spent."""
    client = await make_client()
    server.faults.script([fault])
    with pytest.raises(ImagineException):
        await client.transcribe(io.BufferedReader(Once(AUDIO)))
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", ["status;code=503;retry-after=0", "reset-before-answer", "redirect;to=same"])
@pytest.mark.parametrize("source", ["path", "file object"])
async def test_an_upload_that_is_sent_again_is_whole(make_client, server, recording, source, fault):
    """Each attempt sends all of the file, from where it stood at first."""
    client = await make_client()
    server.faults.script([fault])
    if source == "path":
        await client.transcribe(recording)
        expected = digest(AUDIO)
    else:
        with recording.open("rb") as file:
            file.seek(100)
            await client.transcribe(file)
        expected = digest(AUDIO[100:])
    assert [upload.sha256 for upload in uploads(server)] == [expected] * 2


async def test_extra_body_adds_fields_to_the_form(client, server, recording):
    """Members of `extra_body` become fields, and win over the SDK's."""
    extra = {"language": "es", "temperature": 0.5, "model": "whisper-tiny"}
    await client.transcribe(recording, "other", extra_body=extra, extra_headers={"X-Team": "red"})
    [request] = server.requests
    assert {name: request.form[name] for name in extra} == {
        "language": "es",
        "temperature": "0.5",
        "model": "whisper-tiny",
    }
    assert request.headers["X-Team"] == "red"


async def test_a_missing_file_is_told_before_anything_is_sent(client, server, tmp_path):
    """A path where there is nothing is a FileNotFoundError that names it."""
    with pytest.raises(FileNotFoundError, match=re.escape("nothing.wav")):
        await client.transcribe(tmp_path / "nothing.wav")
    assert server.requests == []


async def test_a_folder_is_no_file(client, server, tmp_path):
    """A path that leads to a folder is a ValueError that names the argument and the folder, and nothing is sent."""
    with pytest.raises(ValueError, match=re.escape(f"input_file '{tmp_path}' is a folder")):
        await client.transcribe(str(tmp_path))
    assert server.requests == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
async def test_a_file_that_may_not_be_read_is_told(client, server, recording):
    """A file without the right to read it is a PermissionError."""
    recording.chmod(0)
    with pytest.raises(PermissionError):
        await client.transcribe(recording)
    assert server.requests == []


@pytest.mark.parametrize("source", [None, 5, io.StringIO("RIFF"), ["speech.wav"], ("a.wav", b"RIFF"), {b"RIFF": 1}])
async def test_what_is_no_file_is_refused(client, server, source):
    """A path, bytes, a binary file or an iterator is wanted; anything else is a TypeError that says so."""
    with pytest.raises(TypeError, match="binary"):
        await client.transcribe(source)
    assert server.requests == []


async def test_a_file_opened_as_text_is_refused(client, server, recording):
    """A file in text mode would not arrive as it is."""
    with recording.open(encoding="latin-1") as file, pytest.raises(TypeError, match="binary"):
        await client.transcribe(file)
    assert server.requests == []


async def test_a_closed_file_is_refused(client, server, recording):
    """A file that is closed is a ValueError, and nothing is sent."""
    with recording.open("rb") as file:
        pass
    with pytest.raises(ValueError, match="closed"):
        await client.transcribe(file)
    assert server.requests == []


class Failing(io.BytesIO):
    """A file on a disk that gives up."""

    def read(self, size=-1):
        raise OSError(5, "Input/output error")


async def test_a_file_that_fails_while_it_is_read_is_told(make_client, server):
    """An error of the file itself is told as such, not sent again, and the client goes on to work."""
    client = await make_client(max_concurrent_requests=1, slot_timeout=1)
    with pytest.raises(ImagineException, match="Input/output error") as caught:
        await client.transcribe(Failing(AUDIO))
    assert type(caught.value) is ImagineException
    assert isinstance(caught.value.__cause__, OSError)
    assert len(caught.value.call.attempts) == 1
    assert (await client.ping()).message == "pong"


async def test_a_long_file_arrives_whole(client, server, tmp_path):
    """50 MB arrive as they were."""
    path, expected = tmp_path / "long.wav", hashlib.sha256()
    with path.open("wb") as file:
        for number in range(LONG // 2**20):
            piece = number.to_bytes(4, "big") * 2**18
            file.write(piece)
            expected.update(piece)
    await client.transcribe(path)
    [upload] = uploads(server)
    assert (upload.size, upload.sha256) == (LONG, expected.hexdigest())


async def test_an_answer_before_the_end_of_an_upload_is_heard(make_client, tmp_path):
    """A service that refuses after the head is understood, though it does not read the rest."""
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.truncate(LONG)
    async with listening(answer(b'{"detail": "too long"}', "413 Payload Too Large"), reads_body=False) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        with pytest.raises(ImagineAPIException, match=r"413.*too long") as caught:
            await client.transcribe(path)
    assert caught.value.http_status == 413
