"""The scripts of all routes, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imagine.server.answers import Refusal
from imagine.server.asked import ChatAsked, CompletionAsked, EmbeddingAsked
from imagine.server.paths import route_of
from imagine.server.replies import content
from imagine.server.replies.content import Misfit, NoReply
from imagine.server.replies.reply import Reply
from imagine.server.replies.script import ReplyScript
from imagine.types.images import ImageRequest
from imagine.types.reranker import ReRankerRequest
from imagine.types.transcribe import TranscribeRequest
from imagine.types.translate import TranslateRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagine.server.recorder import RecordedRequest
    from imagine.server.replies.content import Content

__all__ = ["Scripts"]

Said = str | Reply
Vectors = Sequence[Sequence[float]] | Reply
Scores = Sequence[float] | Reply
Files = bytes | Sequence[bytes] | Reply
_SHOWN = 300
"""How much of a request's body a failure shows."""


class Scripts:
    """A script for each route that engines answer."""

    def __init__(self, records: Iterable[RecordedRequest], unscripted: str, left_over: str) -> None:
        self._answers_all = unscripted == "answer"
        self._ignores_left = left_over == "ignore"
        self._unanswered: list[str] = []
        self.chat = ReplyScript[ChatAsked, Said]("chat", "chat/completions", ChatAsked, content.message, records)
        self.completions = ReplyScript[CompletionAsked, Said](
            "completions", "completions", CompletionAsked, content.text, records
        )
        self.embeddings = ReplyScript[EmbeddingAsked, Vectors](
            "embeddings", "embeddings", EmbeddingAsked, content.vectors, records
        )
        self.reranker = ReplyScript[ReRankerRequest, Scores](
            "reranker", "reranker", ReRankerRequest, content.scores, records
        )
        self.translate = ReplyScript[TranslateRequest, Said](
            "translate", "translate", TranslateRequest, content.text, records
        )
        self.transcribe = ReplyScript[TranscribeRequest, Said](
            "transcribe", "transcribe", TranscribeRequest, content.text, records
        )
        self.images = ReplyScript[ImageRequest, Files](
            "images", "images/generations", ImageRequest, content.pictures, records
        )
        self._all: tuple[ReplyScript[Any, Any], ...] = (
            *(self.chat, self.completions, self.embeddings, self.reranker, self.translate, self.transcribe),
            self.images,
        )
        by_route = {script.route: script for script in self._all}
        self._by_route = {**by_route, "rerank": self.reranker, "audio/transcriptions": self.transcribe}

    def take(self, record: RecordedRequest) -> Content | None:
        """Take the reply to a request; None for one that the engines answer. A request that none fits is refused."""
        script = self._by_route.get(route_of(record.path))
        if script is None or record.method != "POST":
            return None
        try:
            return script.take(record)
        except Misfit as misfit:
            if self._answers_all and isinstance(misfit, NoReply):
                return None
            self._unanswered.append(f"{misfit}: {_shown(record)}")
            raise Refusal(400, {"message": str(misfit), "status": "error"}) from misfit

    def check(self) -> None:
        """Raise AssertionError for requests without a reply, and for replies without a request."""
        problems = list(self._unanswered)
        for script in self._all if not self._ignores_left else ():
            left = script.left_over
            if left:
                shown = ", ".join(str(reply) for reply in left)
                problems.append(
                    f"{script.name} has {len(left)} of its replies left, which no request asked for: {shown}"
                )
        if problems:
            raise AssertionError("\n".join(problems))


def _shown(record: RecordedRequest) -> str:
    body = record.body.decode(errors="replace") or str(record.form)
    return body if len(body) <= _SHOWN else f"{body[:_SHOWN]}…"
