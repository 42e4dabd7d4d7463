from __future__ import annotations

import struct
import tracemalloc
import wave
import zlib
from io import BytesIO
from math import pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagine.server.engines import ShapesImageEngine, StandInTranscriptionEngine, StandInTranslationEngine
from imagine.types.images import ImageRequest

IMAGE = ShapesImageEngine()
TRANSCRIPTION = StandInTranscriptionEngine()


@pytest.mark.parametrize(
    ("model", "text", "translated"),
    [
        ("Helsinki-NLP/opus-mt-en-es", "Good morning, my friend!", "[stand-in en→es] Buenos días, mi amigo!"),
        ("Helsinki-NLP/opus-mt-es-en", "Hola, mundo", "[stand-in es→en] Hello, world"),
        ("Helsinki-NLP/opus-mt-en-de", "Good morning", "[stand-in en→de] Good morning"),
        ("some-model", "Good morning", "[stand-in] Good morning"),
    ],
)
def test_a_translation_says_that_it_is_a_stand_in(model, text, translated):
    """Known words are replaced; languages without a dictionary, and models that name none, change nothing."""
    assert StandInTranslationEngine().translate(text, model) == translated


def recording(width=2, channels=1, amplitude=0.5, rate=8000, seconds=0.5):
    """Return a WAV file with a sine tone."""
    largest = 2 ** (8 * width - 1)
    values = [round(largest * amplitude * sin(2 * pi * 440 * n / rate)) for n in range(int(rate * seconds))]
    offset = 128 if width == 1 else 0
    frames = [(value + offset).to_bytes(width, "little", signed=width > 1) * channels for value in values]
    file = BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate, len(values), "NONE", ""))
        writer.writeframes(b"".join(frames))
    return file


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_length_and_loudness_of_a_recording_are_measured(width):
    """A sine at half of full scale has -9 dBFS, in every sample width."""
    assert TRANSCRIPTION.transcribe(recording(width), "tone.wav") == (
        f"[stand-in] tone.wav: 0.50 s of sound, 1 channel, 8000 Hz, {8 * width} bits, loudness -9.0 dBFS. "
        "The words in it are not recognised."
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"amplitude": 0.1}, "loudness -23.0 dBFS"),
        ({"amplitude": 0}, "silent"),
        ({"seconds": 0}, "0.00 s of sound, 1 channel, 8000 Hz, 16 bits, silent"),
        ({"channels": 2, "rate": 16000}, "0.50 s of sound, 2 channels, 16000 Hz"),
    ],
    ids=str,
)
def test_what_is_heard_is_said(options, said):
    """Quieter is fewer decibels; nothing at all is silent."""
    assert said in TRANSCRIPTION.transcribe(recording(**options), "a.wav")


def test_a_streamed_header_does_not_lengthen_a_recording():
    """A header that claims more frames than the file has is not believed."""
    content = bytearray(recording().getvalue())
    content[40:44] = b"\xff\xff\xff\xff"
    assert "0.50 s of sound" in TRANSCRIPTION.transcribe(BytesIO(content), "a.wav")


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"ID3\x04\x00rest of an MP3", "not a PCM WAV file, 19 bytes that begin with 49 44 33 04 00 72 65 73"),
        (b"", "not a PCM WAV file, 0 bytes that begin with nothing"),
        (b"RIFF\x04\0\0\0WAVE", "not a PCM WAV file, 12 bytes"),
        (recording().getvalue().replace(struct.pack("<I", 8000), bytes(4)), "not a PCM WAV file"),
    ],
)
def test_another_file_is_described_by_its_size_and_first_bytes(content, seen):
    """A file that is not a WAV file, or cannot be measured, gets an answer too."""
    assert seen in TRANSCRIPTION.transcribe(BytesIO(content), "song.mp3")


@given(st.integers(0, 60), st.binary(max_size=8))
def test_a_broken_header_is_described_and_not_an_error(place, garbage):
    """Bytes overwritten anywhere in the header never raise."""
    content = bytearray(recording(seconds=0.01).getvalue())
    content[place : place + len(garbage)] = garbage
    assert TRANSCRIPTION.transcribe(BytesIO(content), "x").startswith("[stand-in] x: ")


def test_a_large_file_is_measured_in_little_memory(tmp_path):
    """Of 500 MB only parts are read, and the file stays open."""
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as writer:
        writer.setparams((1, 2, 16000, 0, "NONE", ""))
    with path.open("r+b") as file:
        file.seek(4)
        file.write(struct.pack("<I", 500_000_036))
        file.seek(40)
        file.write(struct.pack("<I", 500_000_000))
        file.truncate(500_000_044)
    with path.open("rb") as file:
        tracemalloc.start()
        said = TRANSCRIPTION.transcribe(file, "long.wav")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert not file.closed
    assert "15625.00 s of sound" in said
    assert peak < 4_000_000


def image(index=0, **options):
    return IMAGE.draw(ImageRequest(**{"prompt": "a red house", "model": "m", "stream": False, **options}), index)


def chunks(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, found = 8, {}
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        found[kind] = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length]) == (zlib.crc32(kind + found[kind]),)
        at += 12 + length
    return found


@given(st.integers(1, 300), st.integers(1, 300))
def test_an_image_has_the_size_asked_for(width, height):
    """The PNG is whole: its checksums are right, and it holds as many RGB pixels as its header says."""
    found = chunks(image(size=f"{width}x{height}"))
    assert found[b"IHDR"] == struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    assert len(zlib.decompress(found[b"IDAT"])) == height * (1 + 3 * width)
    assert list(found)[-1] == b"IEND"


def test_prompt_and_seed_decide_the_image():
    """Equal requests get equal images; prompt, negative prompt, seed and steps each change them."""
    changes = [{}, {"prompt": "a blue house"}, {"negative_prompt": "dark"}, {"seed": 28}, {"num_inference_steps": 3}]
    images = [image(**change) for change in changes]
    assert len(set(images)) == len(images)
    assert images == [image(**change) for change in changes]


def test_each_image_of_a_request_adds_the_increment_to_the_seed():
    """The third image is the first of a request with the seed it got."""
    assert image(2, seed=27, seed_increment=100) == image(0, seed=227) != image(0, seed=27)


@pytest.mark.parametrize("size", ["", "512", "0x512", "512x2049", "512X512", "99999x1", "512x512 "])
def test_a_size_that_cannot_be_drawn_is_refused(size):
    """The error says what a size looks like and how large it may be."""
    with pytest.raises(ValueError, match=r'size must be like "512x512", each side from 1 to 2048'):
        image(size=size)


@pytest.mark.parametrize("steps", [0, 101])
def test_the_number_of_steps_is_bounded(steps):
    """No steps, or more than a hundred, are refused."""
    with pytest.raises(ValueError, match="num_inference_steps must be from 1 to 100"):
        image(num_inference_steps=steps)
