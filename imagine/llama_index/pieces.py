"""Streams as LlamaIndex reads them: each response has all that came so far, and the piece that came last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from imagine._answers.folding import ChatFold, CompletionFold
from imagine.llama_index.messages import chat_response, completion_response
from imagine.types.common import DeltaMessage

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Iterator

    from llama_index.core.base.llms.types import ChatResponse, CompletionResponse

    from imagine._blocking.stream import Stream
    from imagine.streaming import AsyncStream
    from imagine.types.chat_completions import ChatCompletionStreamResponse
    from imagine.types.completions import CompletionStreamResponse

__all__ = ["ChatPieces", "CompletionPieces", "read", "read_async"]

Chunk = TypeVar("Chunk", bound="ChatCompletionStreamResponse | CompletionStreamResponse")
Chunk_contra = TypeVar("Chunk_contra", contravariant=True)
Response = TypeVar("Response")
Response_co = TypeVar("Response_co", covariant=True)
Whole = TypeVar("Whole")

_READ = (b"",)
"""In place of a chunk's payload: what that has in place of a delta, the stream has put into the chunk."""


class Pieces(Protocol[Chunk_contra, Response_co]):
    """Makes responses of chunks."""

    def take(self, chunk: Chunk_contra) -> Iterator[Response_co]:
        """Give what the next chunk makes."""
        ...

    def end(self) -> Iterator[Response_co]:
        """Give what is left to say at the end."""
        ...


class ChatPieces:
    """Makes responses of a chat's chunks; none as long as no choice has begun."""

    def __init__(self) -> None:
        self._fold = ChatFold()

    def take(self, chunk: ChatCompletionStreamResponse) -> Iterator[ChatResponse]:
        """Give all that came so far, and the chunk's piece."""
        self._fold.add([chunk], _READ)
        answer = self._fold.snapshot()
        if answer.choices:
            piece = _piece(chunk, answer.choices[0].index)
            thinking = piece.reasoning_content or piece.reasoning
            yield chat_response(answer, _raw(chunk), piece.content or "", thinking)

    def end(self) -> Iterator[ChatResponse]:
        """Say that all has come where the service gave no finish reason: calls of tools may be run only then."""
        answer = self._fold.snapshot()
        if answer.choices and not self._fold.complete:
            response = chat_response(answer, {})
            response.delta = ""
            yield response


class CompletionPieces:
    """Makes responses of a completion's chunks; none as long as no choice has begun."""

    def __init__(self) -> None:
        self._fold = CompletionFold()

    def take(self, chunk: CompletionStreamResponse) -> Iterator[CompletionResponse]:
        """Give all that came so far, and the chunk's piece."""
        self._fold.add([chunk], _READ)
        answer = self._fold.snapshot()
        if answer.choices:
            yield completion_response(answer, _raw(chunk), _piece(chunk, answer.choices[0].index).content or "")

    def end(self) -> Iterator[CompletionResponse]:
        """Give nothing: a text is whole without a word more."""
        return iter(())


def read(stream: Stream[Chunk, Whole], pieces: Pieces[Chunk, Response]) -> Generator[Response, None, None]:
    """Give the responses of a stream, which is closed wherever its reader leaves."""
    with stream:
        for chunk in stream:
            yield from pieces.take(chunk)
    yield from pieces.end()


async def read_async(
    stream: AsyncStream[Chunk, Whole], pieces: Pieces[Chunk, Response]
) -> AsyncGenerator[Response, None]:
    """Give the responses of a stream, which is closed wherever its reader leaves."""
    async with stream:
        async for chunk in stream:
            for response in pieces.take(chunk):
                yield response
    for response in pieces.end():
        yield response


def _piece(chunk: ChatCompletionStreamResponse | CompletionStreamResponse, index: int) -> DeltaMessage:
    """Return the piece of one choice: LlamaIndex takes one, whatever else was asked for."""
    return next((choice.delta for choice in chunk.choices if choice.index == index), DeltaMessage())


def _raw(chunk: ChatCompletionStreamResponse | CompletionStreamResponse) -> dict[str, object]:
    return chunk.model_dump(exclude_none=True)
