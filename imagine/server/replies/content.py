"""What stands in for the engines of a route while one request is answered."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from imagine.server.asked import texts_of
from imagine.server.replies.reply import Reply
from imagine.server.replies.work import ReplyWork

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagine.server.config import Engines

__all__ = ["Content", "Misfit", "NoReply", "message", "pictures", "scores", "text", "vectors"]


class Misfit(Exception):
    """No reply answers a request; its words say why."""


class NoReply(Misfit):
    """No reply is left for a request."""


@dataclass(frozen=True, slots=True)
class Content:
    """An answer as a route gives it; this one leaves it to the engines."""

    reply: Reply

    def check_for(self, asked: Any) -> None:
        """Raise Misfit if it is no answer to this request."""

    def __str__(self) -> str:
        return repr(self.reply)

    def standing_in(self, engines: Engines) -> Engines:
        """Return the engines, with itself in the place of one."""
        return engines

    def work(self) -> ReplyWork | None:
        """Return the text as it is being made; None where it is no text."""
        return None


@dataclass(frozen=True, slots=True)
class Text(Content):
    """A message or a text."""

    def standing_in(self, engines: Engines) -> Engines:
        return replace(engines, transcription=self)

    def work(self) -> ReplyWork:
        return ReplyWork(self.reply)

    def transcribe(self, audio: BinaryIO, filename: str) -> str:  # noqa: ARG002
        """Return the text."""
        return "".join(self.reply.pieces)


@dataclass(frozen=True, slots=True)
class Vectors(Content):
    """A vector for each text of a request."""

    vectors: Sequence[list[float]]

    def __str__(self) -> str:
        return f"{len(self.vectors)} vectors"

    def check_for(self, asked: Any) -> None:
        _check_count(len(self.vectors), "vectors", len(texts_of(asked.input)), "texts")

    def standing_in(self, engines: Engines) -> Engines:
        return replace(engines, embedding=_InTurn(self.vectors))


class _InTurn:
    """Gives one vector after the other."""

    def __init__(self, vectors: Sequence[list[float]]) -> None:
        self.dimensions = len(vectors[0])
        self._next = iter(vectors)

    def embed(self, text: str) -> list[float]:  # noqa: ARG002
        """Return the next one."""
        return next(self._next)


@dataclass(frozen=True, slots=True)
class Scores(Content):
    """A score for each document of a request, in the order of the documents."""

    values: list[float]

    def __str__(self) -> str:
        return f"{len(self.values)} scores"

    def check_for(self, asked: Any) -> None:
        _check_count(len(self.values), "scores", len(asked.documents), "documents")

    def standing_in(self, engines: Engines) -> Engines:
        return replace(engines, rerank=self)

    def scores(self, query: str, documents: Sequence[str]) -> list[float]:  # noqa: ARG002
        """Return them."""
        return self.values


@dataclass(frozen=True, slots=True)
class Pictures(Content):
    """The image files of a request."""

    files: Sequence[bytes]

    def __str__(self) -> str:
        return f"{len(self.files)} images"

    def check_for(self, asked: Any) -> None:
        _check_count(len(self.files), "images", asked.n, "images")
        if asked.response_format == "url":  # behind which the engine would draw another image
            raise Misfit("an image is given in the answer alone: ask for it with response_format='b64_json'")

    def standing_in(self, engines: Engines) -> Engines:
        return replace(engines, image=self)

    def draw(self, request: object, index: int) -> bytes:  # noqa: ARG002
        """Return one of them."""
        return self.files[index]


def message(answer: object, name: str) -> Content:
    """Check the answer to a chat: a str, or a `Reply`."""
    reply = Reply(answer) if isinstance(answer, str) else answer
    if not isinstance(reply, Reply):
        raise TypeError(f"{name}.replies() takes str and Reply, not {answer!r}")
    return Content(reply) if reply.says_nothing else Text(reply)


def text(answer: object, name: str) -> Content:
    """Check an answer that has no other parts."""
    content = message(answer, name)
    if content.reply.reasoning is not None or content.reply.tool_calls:
        raise ValueError(f"{name} answers with a text alone: leave reasoning= and tool_calls= out")
    return content


def vectors(answer: object, name: str) -> Content:
    """Check the vectors of one request."""
    what = "a list of vectors for each request"
    rows = _items(answer)
    if rows is None:
        return _silent(answer, name, what)
    checked = [_numbers(row, name, what) for row in rows]
    if len({*map(len, checked)}) != 1:
        raise ValueError(f"{name}.replies() takes vectors of one length, not of {[*map(len, checked)]}")
    return Vectors(Reply(), checked)


def scores(answer: object, name: str) -> Content:
    """Check the scores of one request."""
    what = "a list of scores for each request"
    return _silent(answer, name, what) if _items(answer) is None else Scores(Reply(), _numbers(answer, name, what))


def pictures(answer: object, name: str) -> Content:
    """Check the images of one request."""
    what = "the bytes of an image, or a list of several, for each request"
    given = [answer] if isinstance(answer, bytes) else _items(answer)
    if given is None:
        return _silent(answer, name, what)
    files = [file for file in given if isinstance(file, bytes)]
    if not files or len(files) != len(given):
        raise TypeError(f"{name}.replies() takes {what}, not {answer!r}")
    return Pictures(Reply(), files)


def _silent(answer: object, name: str, what: str) -> Content:
    """Check a reply that leaves the answer to the engines."""
    if isinstance(answer, Reply) and answer.says_nothing:
        return Content(answer)
    raise TypeError(f"{name}.replies() takes {what}, or a Reply with delay= and fault= alone, not {answer!r}")


def _numbers(values: object, name: str, what: str) -> list[float]:
    given = _items(values) or []
    numbers = [float(value) for value in given if isinstance(value, int | float) and math.isfinite(value)]
    if not numbers or len(numbers) != len(given):
        raise TypeError(f"{name}.replies() takes {what}, not {values!r}")
    return numbers


def _items(value: object) -> list[object] | None:
    """Return the items of a list; None for anything else."""
    return list(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else None


def _check_count(given: int, things: str, asked: int, of: str) -> None:
    if given != asked:
        raise Misfit(f"a reply of {given} {things} was given to a request of {asked} {of}")
