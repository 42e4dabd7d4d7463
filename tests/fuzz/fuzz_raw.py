"""What came, as it came: wherever a stream is cut, `raw` of a chunk, or of an answer, is the JSON that was sent."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from choices import PIECES, Choices

from imagine._answers.folding import ChatFold, ChoicesProgress
from imagine._answers.sse import SSEDecoder
from imagine._record import CallRecord
from imagine.streaming import KEPT_BYTES, AsyncStream
from imagine.types.answer import remember
from imagine.types.chat_completions import CHAT_CHUNK, CHAT_RESPONSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imagine.streaming import TakeRecord

__all__ = ["PIECES", "fuzz"]

Json = dict[str, Any]
CUT = 16
"""The most places at which a stream is cut."""
LONG = "x" * (KEPT_BYTES // 3)
ENDS = ("\n", "\r\n", "\r")
RUNNER = asyncio.Runner()


def fuzz(data: bytes) -> None:
    """Let the bytes choose what chunks have, how their events are written, and where the stream is cut."""
    choices = Choices(data)
    sent = [_chunk(choices) for _ in range(choices.number(7))] + [_chunk(choices, "stop")]
    end, ascii_only = choices.one_of(ENDS), choices.number(1) == 0
    texts = [*(json.dumps(each, ensure_ascii=ascii_only) for each in sent), "[DONE]"]
    body = "".join(f"data: {text}{end}{end}" for text in texts).encode()
    fold: Any = ChatFold() if choices.number(1) else ChoicesProgress()
    RUNNER.run(_check(_Source(_cut(choices, body)), fold, sent))
    _check_answer(sent[0])


def _chunk(choices: Choices, reason: str | None = None) -> Json:
    """Choose a chunk: of one choice, none or two, with members that its class knows, or does not, or has otherwise."""
    pieces = [_choice(choices, index, reason) for index in range(1 if reason else choices.one_of([1, 0, 2]))]
    odd = choices.one_of([{}, {"id": 7}, {"created": "7"}, {"usage": []}, {"padding": LONG}])
    return {"x": choices.json(), **odd, **choices.json_object(), "choices": pieces}


def _choice(choices: Choices, index: int, reason: str | None) -> Json:
    content = choices.one_of(["a", "", None, "é\u2028", "[DONE]"])
    delta = choices.one_of([{"delta": {"content": content}}, {"message": {"content": content}}, {"text": content}])
    return {"index": index, "finish_reason": reason, **delta, "y": choices.json()}


def _cut(choices: Choices, body: bytes) -> Iterator[bytes]:
    """Cut a body: each time after a number of bytes, of whole sixteenths, or at the end of an event."""
    for _ in range(choices.number(CUT)):
        size = choices.one_of([choices.number(255), choices.number(16) * len(body) // 16, body.find(b"\n\n") + 2])
        yield body[:size]
        body = body[size:]
    yield body


class _Source:
    """What a stream reads from: pieces in place of a connection."""

    refusal = error_event = None
    is_closed = at_end = False

    def __init__(self, reads: Iterable[bytes]) -> None:
        self._reads, self._sse, self.size = iter(reads), SSEDecoder(), 0
        self.clock = SimpleNamespace(is_waiting=False)
        self.record = CallRecord("POST", "chat/completions")
        options, slots = SimpleNamespace(max_response_bytes=0), SimpleNamespace(quotas=None)
        call = {"record": self.record, "options": options, "slots": slots, "trace": None, "record_failure": _raise}
        self.call = SimpleNamespace(**call)

    async def open(self, take: TakeRecord) -> Any:
        take(self.record)
        return self

    def keep_within(self, most: int) -> None:
        pass

    async def read(self) -> list[bytes]:
        for data in self._reads:
            self.size += len(data)
            if payloads := self._sse.feed(data):
                return payloads
        return self._sse.finish()

    async def breaks_off(self) -> bool:
        return False

    async def finish(self) -> None:
        self.is_closed = True

    def close_soon(self) -> None:
        pass


def _raise(error: BaseException) -> None:
    raise error


async def _check(source: _Source, fold: Any, sent: list[Json]) -> None:
    """Each chunk has its JSON, or stands behind the first 64 KiB of its read, and none of the read before has it."""
    stream = AsyncStream(source.open, CHAT_CHUNK.fast.decode, CHAT_CHUNK.decode, fold)
    before: list[Any] = []
    left = iter(sent)
    while chunks := await stream.read():
        raws = [_raw(stream, chunk) for chunk in chunks]
        wanted = [next(left) for _ in chunks]
        kept = [raw for raw in raws if raw is not None]
        assert kept == wanted[: len(kept)]
        assert len(kept) == len(wanted) or len(json.dumps(wanted[: len(kept) + 1], ensure_ascii=False)) > KEPT_BYTES
        assert not any(_raw(stream, chunk) for chunk in before)
        before = chunks
    assert not list(left)


def _raw(stream: AsyncStream[Any, Any], chunk: Any) -> Any:
    try:
        return stream.raw(chunk)
    except ValueError:
        return None


def _check_answer(sent: Json) -> None:
    """The same members make an answer; each look at its JSON gives the same object."""
    content = json.dumps(sent).encode()
    answer = CHAT_RESPONSE.decode(content)
    remember(answer, _tell, content)
    assert answer.raw == sent
    assert answer.raw is answer.raw


def _tell(_: object) -> Any:
    raise AssertionError("nobody asks for the call")
