"""A stand-in for transcription: it measures a recording, and says that it is a stand-in."""

from __future__ import annotations

import struct
import wave
from io import SEEK_END
from math import log10
from operator import mul
from typing import BinaryIO, NamedTuple

_BLOCKS = 256
_BLOCK_FRAMES = 4096
_BLOCK_BYTES = 2**20


class Recording(NamedTuple):
    """Where the samples of a WAV file are, and how they are stored."""

    start: int
    """Bytes before the first sample."""
    frames: int
    """Number of frames; each has one sample per channel."""
    channels: int
    width: int
    """Bytes of a sample."""
    rate: int
    """Frames per second."""


class StandInTranscriptionEngine:
    """Says how long and how loud a PCM WAV file is, and of any other file its size and its first bytes."""

    def transcribe(self, audio: BinaryIO, filename: str) -> str:
        """Describe a seekable file; of a long one, about 256 blocks of up to 4096 frames are measured."""
        try:
            seen = _described(audio, _header(audio))
        # RuntimeError is what `wave` raises for a chunk that claims to be longer than the file.
        except (wave.Error, EOFError, RuntimeError):
            audio.seek(0)
            seen = f"not a PCM WAV file, {_size(audio)} bytes that begin with {audio.read(8).hex(' ') or 'nothing'}"
        return f"[stand-in] {filename}: {seen}. The words in it are not recognised."


def _header(audio: BinaryIO) -> Recording:
    audio.seek(0)
    with wave.open(audio, "rb") as header:
        found = header.getparams()
    if not found.framerate:
        raise wave.Error("a sample rate of 0")
    # The header of a streamed recording claims more than there is: count what the file holds.
    start = audio.tell()
    present = (_size(audio) - start) // (found.nchannels * found.sampwidth)
    return Recording(start, min(found.nframes, present), found.nchannels, found.sampwidth, found.framerate)


def _described(audio: BinaryIO, recording: Recording) -> str:
    power = _power(audio, recording)
    loudness = f"loudness {10 * log10(power):.1f} dBFS" if power else "silent"
    channels = f"{recording.channels} channel{'s' if recording.channels > 1 else ''}"
    seconds = recording.frames / recording.rate
    return f"{seconds:.2f} s of sound, {channels}, {recording.rate} Hz, {8 * recording.width} bits, {loudness}"


def _power(audio: BinaryIO, recording: Recording) -> float:
    """Return the mean square of the samples, where the loudest sample is 1."""
    frame = recording.channels * recording.width
    block = max(1, min(_BLOCK_FRAMES, _BLOCK_BYTES // frame))
    total = count = 0
    for first in range(0, recording.frames, max(block, recording.frames // _BLOCKS)):
        audio.seek(recording.start + first * frame)
        samples = _samples(audio.read(min(block, recording.frames - first) * frame), recording.width)
        total += sum(map(mul, samples, samples))
        count += len(samples)
    return total / max(count, 1) / 32768**2


def _samples(data: bytes, width: int) -> tuple[int, ...]:
    """Return the samples as 16-bit numbers: of wider ones, the two highest bytes."""
    if width == 1:
        return tuple((byte - 128) << 8 for byte in data)
    high = bytearray(len(data) // width * 2)
    high[0::2], high[1::2] = data[width - 2 :: width], data[width - 1 :: width]
    return struct.unpack(f"<{len(high) // 2}h", high)


def _size(audio: BinaryIO) -> int:
    here = audio.tell()
    size = audio.seek(0, SEEK_END)
    audio.seek(here)
    return size
