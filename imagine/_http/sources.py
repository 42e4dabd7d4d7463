"""What an upload is read from: paths, files and iterators, blocking or not; some of them can be read anew."""

from __future__ import annotations

import inspect
import io
import os
import stat
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, Protocol, TypeAlias, TypeVar, cast

from imagine._http.worker import Worker
from imagine._options.client import checked_callback
from imagine._redaction.tracebacks import words_of
from imagine.exceptions import ImagineException

if TYPE_CHECKING:
    from imagine.types.transcribe import AsyncAudioFile

__all__ = ["Progress", "Source", "Upload", "upload_of"]

T = TypeVar("T")
Progress: TypeAlias = "Callable[[int, int | None], object]"
"""Told how many bytes of how many are sent."""

CHUNK = 1024 * 1024
"""Bytes read from a file at once."""
END = object()
"""What comes after the last piece of an iterator, whose pieces may be empty."""


class Source(Protocol):
    """Where the bytes of one upload come from; what reading raises is the cause of an ImagineException."""

    @property
    def replayable(self) -> bool:
        """Whether the same bytes can be read again; known once it was looked at."""
        ...

    async def look(self) -> None:
        """Find out whether it is there and can be read anew; raises what is wrong with it."""
        ...

    async def open(self) -> int | None:
        """Go to the start for one attempt, after the reads of the one before; return the length where it is known."""
        ...

    async def read(self) -> bytes:
        """Return the next piece, nothing at the end; TypeError for what is not bytes."""
        ...

    def close(self) -> None:
        """Let go of what was opened, without waiting for a read that is under way."""
        ...


class Upload(NamedTuple):
    """A file on its way: what it is read from, its name for the service, and who is told how far it is."""

    source: Source
    name: str
    progress: Progress | None


def upload_of(file: AsyncAudioFile, name: object, progress: Progress | None, *, blocks: bool) -> Upload:
    """Return what to upload for `input_file=`, `file_name=` and `progress=`; errors name a bad one."""
    if progress is not None:
        checked_callback("progress", progress)
    return Upload(_source_of(file, blocks=blocks), _name_of(file, name), progress)


def _source_of(file: AsyncAudioFile, *, blocks: bool) -> Source:
    """Return what reads an `input_file=`; TypeError or ValueError for what cannot be read, `blocks` where async."""
    if isinstance(file, str | os.PathLike):
        return PathSource(file)
    content = _content(file)
    if content is not None:
        return FileSource(io.BytesIO(content))
    if not _gives_pieces(file):
        kinds = "a path, bytes, a file object opened in binary mode, or an iterator of bytes"
        raise TypeError(f"input_file must be {kinds}, not {type(file).__name__}")
    if getattr(file, "closed", False) is True:
        raise ValueError("input_file is closed")
    return _source_of_pieces(_held_file(file), blocks=blocks)


def _name_of(file: object, given: object) -> str:
    """Return the name under which a file is uploaded; TypeError or ValueError for one that is no text in UTF-8."""
    if not isinstance(given, str | None):
        raise TypeError(f"file_name must be a str, not {type(given).__name__}")
    name: object = given
    if name is None and isinstance(file, str | os.PathLike):
        name = os.fspath(cast("str | os.PathLike[str]", file))
    elif name is None:
        name = getattr(file, "filename", None) or getattr(file, "name", None)
    text = os.path.basename(os.fsdecode(name)) if isinstance(name, str | bytes) else ""
    try:
        text.encode()
    except UnicodeEncodeError:
        if given is not None:
            raise ValueError(f"file_name {text!r} is not UTF-8") from None
        raise ValueError(f"the name of input_file, {text!r}, is not UTF-8: give another as file_name=") from None
    return text or "audio"


class PathSource:
    """A file by its path, opened anew for each attempt."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.replayable = True
        self._path = path
        self._file: BinaryIO | None = None
        self._worker = Worker()

    async def look(self) -> None:
        """Raise FileNotFoundError where there is nothing, ValueError for a folder; a pipe can be read only once."""
        try:
            mode = (await self._worker.run(os.stat, self._path)).st_mode
        except ValueError as error:
            raise ValueError(f"input_file {self._path!r} is no path: {error}") from error
        if stat.S_ISDIR(mode):
            raise ValueError(f"input_file {os.fspath(self._path)!r} is a folder")
        self.replayable = stat.S_ISREG(mode)

    async def open(self) -> int | None:
        """Open it, and return its length if it is an ordinary file."""
        return await self._worker.run(self._reopened)

    async def read(self) -> bytes:
        """Return the next piece."""
        return await self._worker.run(self._next)

    def close(self) -> None:
        """Close it after the read that is under way."""
        self._worker.stop(self._shut)

    def _reopened(self) -> int | None:
        self._shut()
        self._file = open(self._path, "rb", buffering=0)  # noqa: SIM115 - closed with the call, or by the next attempt
        return os.fstat(self._file.fileno()).st_size if self.replayable else None

    def _next(self) -> bytes:
        assert self._file is not None
        return _told(self._file.read, CHUNK)

    def _shut(self) -> None:
        if self._file is not None:
            self._file.close()


class FileSource:
    """A file object that blocks: read from where it stood, rewound if it can be, never closed: it is the user's."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._start: int | None = None
        self._worker = Worker()

    @property
    def replayable(self) -> bool:
        """Whether it can be rewound."""
        return self._start is not None

    async def look(self) -> None:
        """Note where it stands."""
        self._start = await self._worker.run(_told, _position, self._file)

    async def open(self) -> int | None:
        """Go back to where it stood."""
        return None if self._start is None else await self._worker.run(_told, _rewound, self._file, self._start)

    async def read(self) -> bytes:
        """Return the next piece."""
        return _checked(await self._worker.run(_told, self._file.read, CHUNK))

    def close(self) -> None:
        """Read it no more."""
        self._worker.stop()


class Flow:
    """What can be read only once: an async file, or an iterator of either kind."""

    replayable = False

    def __init__(self, following: Callable[[], Awaitable[object]], close: Callable[[], None]) -> None:
        self._following = following
        self.close = close

    async def look(self) -> None:
        """Find out nothing: it tells only by being read."""

    async def open(self) -> int | None:
        """Return None: nobody knows how long it is."""
        return None

    async def read(self) -> bytes:
        """Return the next piece that is not empty."""
        while (piece := await self._following()) is not END:
            if content := _checked(piece):
                return content
        return b""


def _source_of_pieces(file: Any, *, blocks: bool) -> Source:
    is_async = _reads_async(file) if hasattr(file, "read") else isinstance(file, AsyncIterable)
    if is_async and blocks:
        raise TypeError(
            f"input_file is async ({type(file).__name__}), and this client blocks: "
            "give it a file object or an iterator that blocks, or use ImagineAsyncClient"
        )
    if hasattr(file, "read"):
        return Flow(partial(_read_async, file), _nothing) if is_async else FileSource(file)
    if is_async:
        return Flow(partial(_told_async, anext, aiter(file), END), _nothing)
    worker = Worker()
    return Flow(partial(worker.run, _told, next, iter(file), END), worker.stop)


async def _read_async(file: Any) -> object:
    return await _told_async(file.read, CHUNK) or END


def _told(function: Callable[..., T], *args: object) -> T:
    try:
        return function(*args)
    except BaseException as error:  # in a thread: whatever the user's file raises is told
        raise _unreadable(error) from error


async def _told_async(function: Callable[..., Awaitable[T]], *args: object) -> T:
    try:
        return await function(*args)
    except Exception as error:
        raise _unreadable(error) from error


def _unreadable(error: BaseException) -> ImagineException:
    return ImagineException(f"input_file could not be read to its end: {words_of(error)}")


def _content(file: object) -> bytes | None:
    """Return what is in memory already, a list of pieces included."""
    if not isinstance(file, list | tuple):
        return _as_bytes(file)
    pieces = [_as_bytes(piece) for piece in cast("list[object]", file)]
    return None if None in pieces else b"".join(cast("list[bytes]", pieces))


def _as_bytes(piece: object) -> bytes | None:
    """Return a copy of what could change on its way."""
    return bytes(cast("bytes", piece)) if isinstance(piece, bytes | bytearray | memoryview) else None


def _gives_pieces(file: object) -> bool:
    if isinstance(file, io.TextIOBase | list | tuple | Mapping):  # of which none gives bytes
        return False
    return hasattr(file, "read") or isinstance(file, Iterable | AsyncIterable)


def _reads_async(file: object) -> bool:
    return inspect.iscoroutinefunction(getattr(file, "read", None))


def _held_file(file: Any) -> Any:
    """Return the file in an upload of a web framework, whose own `read` awaits a thread: it can be rewound."""
    inner = getattr(file, "file", None)
    return inner if _reads_async(file) and hasattr(inner, "read") and not _reads_async(inner) else file


def _checked(piece: object) -> bytes:
    content = _as_bytes(piece)
    if content is None:
        raise TypeError(f"input_file gave {type(piece).__name__} where bytes are wanted: is it open in binary mode?")
    return content


def _position(file: BinaryIO) -> int | None:
    try:
        return file.tell() if file.seekable() else None
    except (AttributeError, OSError):
        return None


def _rewound(file: BinaryIO, start: int) -> int | None:
    """Go back to the start, and return how much follows; None for a file that does not know its end."""
    try:
        end = cast("int | None", file.seek(0, io.SEEK_END))
        size = max(0, (file.tell() if end is None else end) - start)  # some return nothing
    except (OSError, TypeError):
        size = None
    file.seek(start)
    return size


def _nothing() -> None:
    """Hold nothing open."""
