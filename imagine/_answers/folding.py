"""Streams folded into whole answers while they pass: text by fragments, tool calls by index, O(1) per event.

With `fold=False` a stream has its progress in place of a fold, which only knows whether the stream is complete.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from operator import length_hint
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from imagine._answers.growing import Growing, joined
from imagine._answers.whole import WholeMessages
from imagine._record import Received
from imagine.exceptions import ImagineDecodeException
from imagine.types.chat_completions import (
    ChatCompletionResponse,
    ChatCompletionResponseChoice,
    ChatCompletionStreamResponse,
    ChatMessage,
    ChatMessageToolCall,
    Function,
)
from imagine.types.common import NULL
from imagine.types.completions import CompletionResponse, CompletionResponseChoice, CompletionStreamResponse
from imagine.types.images import Image, ImageResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imagine.types.chat_completions import ChatCompletionResponseStreamChoice
    from imagine.types.common import DeltaMessage, FinishReason, UsageInfo
    from imagine.types.completions import CompletionResponseStreamChoice

__all__ = ["ChatFold", "ChoicesProgress", "CompletionFold", "Fold", "ImageFold", "ImagesProgress", "NoChunk"]

_Target = tuple[int | None, "Callable[[str], object]"]
"""A choice, and how to add to its text."""
_NO_TARGET: _Target = (None, len)
_RARE = ("reasoning", "refusal", "annotations", "audio")
_JSON_MARKS = re.compile(r'\\.|[\\"\[\]{}]', re.DOTALL)
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)
Chunk = TypeVar("Chunk", ChatCompletionStreamResponse, CompletionStreamResponse)


class NoChunk(Exception):
    """What a chunk has in place of a delta is none; the chunks before it are folded, it and what follows are not."""

    def __init__(self, place: int, reason: ImagineDecodeException) -> None:
        super().__init__(place)
        self.place = place
        self.reason = reason


class Fold(Received, Protocol[T_contra, R_co]):
    """Follows the chunks of a stream."""

    @property
    def keeps(self) -> bool:
        """Whether it keeps what passes, or only looks for the end."""
        ...

    @property
    def begun(self) -> bool:
        """Whether anything of an answer came."""
        ...

    @property
    def complete(self) -> bool:
        """Whether nothing can be missing, whatever happens from here on."""
        ...

    @property
    def may_end(self) -> bool:
        """Whether the end of the body is the end of the answer."""
        ...

    @property
    def text(self) -> str:
        """The text of the first choice so far."""
        ...

    def add(self, chunks: Sequence[T_contra], payloads: Sequence[bytes], /) -> bool:
        """Take the chunks of one read; tell whether there was more than the next pieces of one text.

        Payload n is that of chunk n; there may be more of them. Raises NoChunk.
        """
        ...

    def snapshot(self) -> R_co | None:
        """Return the answer as far as it came; None where nothing is kept."""
        ...


class _FinishReasons(Generic[Chunk]):
    """A stream is complete once as many choices as were asked for, and each one seen, have a finish reason."""

    def __init__(self, asked: int = 1) -> None:
        self._asked = asked
        self._whole = WholeMessages()
        self._open: set[int] = set()
        self._finished: dict[int, FinishReason] = {}

    @property
    def begun(self) -> bool:
        """Whether a choice was seen."""
        return bool(self._open or self._finished)

    @property
    def complete(self) -> bool:
        """Whether every choice has finished."""
        return len(self._finished) >= self._asked and not self._open

    @property
    def may_end(self) -> bool:
        """The same: a body that ends before is cut."""
        return self.complete

    @property
    def choices_finished(self) -> int:
        """How many choices have a finish reason."""
        return len(self._finished)

    @property
    def finish_reasons(self) -> list[str | None]:
        """Why each choice that was seen stopped, in their order; None for one that has not."""
        return [self._finished.get(index) for index in sorted({*self._finished, *self._open})]

    def _mark(self, chunks: Sequence[Chunk], payloads: Sequence[bytes], place: int) -> None:
        """Note which choices of a chunk have finished, and take what stands in place of a delta.

        Raises NoChunk, before anything is noted, if that is none.
        """
        chunk, ends = chunks[place], False
        for choice in chunk.choices:
            if choice.finish_reason == NULL:
                choice.finish_reason = None
            ends = ends or bool(choice.finish_reason)  # some gateways write "" where there is none
        counts = ends and chunk.usage is None and self._asked == 1  # of several, each may have a count of its own
        try:
            found = self._whole.beside(chunk, payloads[place], counts=counts)
        except ImagineDecodeException as error:
            raise NoChunk(place, error) from error
        for choice, beside in zip(chunk.choices, found, strict=False):
            index, reason = choice.index, choice.finish_reason
            if reason:
                self._open.discard(index)
                self._finished[index] = reason
                if counts:
                    chunk.usage = chunk.usage or beside.usage
            elif index not in self._finished:
                self._open.add(index)
            self._whole.take(choice, beside)


class ChoicesProgress(_FinishReasons[Chunk]):
    """Follows a chat or completion stream and keeps nothing of it but the usage."""

    keeps = False
    text = ""

    def __init__(self, asked: int = 1) -> None:
        super().__init__(asked)
        self._last: int | None = None
        self.usage: UsageInfo | None = None

    def add(self, chunks: Sequence[Chunk], payloads: Sequence[bytes], /) -> bool:
        """Take the chunks of one read; tell whether there was more than the next pieces of one text."""
        more = False
        remaining = iter(chunks)
        for chunk in remaining:
            try:
                [choice] = chunk.choices
                if (  # as in a fold
                    choice.delta.content
                    and choice.index == self._last
                    and choice.finish_reason is None
                    and chunk.usage is None
                ):
                    continue
            except ValueError:  # of none, or of several choices
                pass
            more = True
            self._mark(chunks, payloads, len(chunks) - length_hint(remaining) - 1)
            self._last = self._add(chunk)
        return more

    def _add(self, chunk: Chunk) -> int | None:
        """Take any chunk, and return the choice whose next pieces of text need no look, if that is known."""
        last = None
        for choice in chunk.choices:
            last = choice.index if self._whole.is_in_deltas(choice.index) else None
        if chunk.usage is not None:
            self.usage = chunk.usage
        return last

    def snapshot(self) -> None:
        """Return None: nothing is kept."""


class ChoiceBuilder:
    """One choice as it grows."""

    def __init__(self) -> None:
        self.role = ""
        self.content = io.StringIO()
        self.write = self.content.write
        self.reasoning_content = io.StringIO()
        self._rest = Growing()
        self.beside = Growing()
        """What stands beside the message."""
        self.tool_calls: list[ToolCallBuilder] = []
        self._calls_by_id: dict[str, ToolCallBuilder] = {}
        self._calls_by_index: dict[int, ToolCallBuilder] = {}
        self._last_call: ToolCallBuilder | None = None

    @property
    def text(self) -> str:
        """The text so far."""
        return joined(self.content)

    def add(self, delta: DeltaMessage) -> None:
        """Take a delta."""
        if delta.content:
            self.write(delta.content)
        if delta.role:
            self.role = delta.role
        if delta.reasoning_content:
            self.reasoning_content.write(delta.reasoning_content)
        for call in delta.tool_calls or ():
            self.tool_call_of(call).add(call)
        for name in _RARE:
            if (piece := getattr(delta, name)) is not None:
                self._rest.add(name, piece)

    def add_choice(self, choice: ChatCompletionResponseStreamChoice | CompletionResponseStreamChoice) -> None:
        """Take what stands beside a delta, and the delta."""
        self.add(choice.delta)
        self.beside.add("logprobs", choice.logprobs)
        self.beside.add("stop_reason", choice.stop_reason)

    def tool_call_of(self, delta: ChatMessageToolCall) -> ToolCallBuilder:
        """Find the call that a piece belongs to, in one step: by an id seen before, by its index, or the last one.

        A new id at a known index begins a new call only where the piece names a function, and either the call's
        arguments are complete or the name is another one: some services send all parallel calls under index 0, others
        a new id, or the name once more, with every piece of one call.
        """
        if delta.id and (known := self._calls_by_id.get(delta.id)):
            return known
        known = self._calls_by_index.get(delta.index) if delta.index is not None else self._last_call
        if known is None or known.is_followed_by(delta):
            known = ToolCallBuilder()
            self.tool_calls.append(known)
            if delta.index is not None:
                self._calls_by_index[delta.index] = known
        if delta.id:
            self._calls_by_id[delta.id] = known
        self._last_call = known
        return known

    def message(self) -> ChatMessage:
        """Return the message as far as it came."""
        calls = [call.build() for call in self.tool_calls]
        text = self.text
        return ChatMessage(
            role=self.role or "assistant",
            content=text if text or not calls else None,
            tool_calls=calls or None,
            reasoning_content=joined(self.reasoning_content) or None,
            **self._rest.values(),
        )


class ToolCallBuilder:
    """One tool call as it grows; its arguments stay raw text."""

    def __init__(self) -> None:
        self.id = ""
        self.type = ""
        self.name = ""
        self.arguments = io.StringIO()
        self._depth = JSONDepth()

    def is_followed_by(self, delta: ChatMessageToolCall) -> bool:
        """Tell whether a piece with its index, or with none, begins another call."""
        name = delta.function.name if delta.function else None
        has_new_id = bool(delta.id and self.id and delta.id != self.id)
        if delta.index is None:
            return has_new_id or bool(name and not delta.id and self._depth.complete)
        return has_new_id and bool(name) and (self._depth.complete or name != self.name)

    def add(self, delta: ChatMessageToolCall) -> None:
        """Take one delta: a name comes in pieces, unless it is repeated whole."""
        self.id = self.id or delta.id or ""
        self.type = self.type or delta.type or ""
        if delta.function is not None:
            if delta.function.name and delta.function.name != self.name:
                self.name += delta.function.name
            if delta.function.arguments:
                self.arguments.write(delta.function.arguments)
                self._depth.add(delta.function.arguments)

    def build(self) -> ChatMessageToolCall:
        """Return the call as far as it came."""
        function = Function(name=self.name or None, arguments=joined(self.arguments))
        return ChatMessageToolCall(id=self.id or None, type=self.type or "function", function=function)


class JSONDepth:
    """How deep a JSON text stands that comes in pieces; it is complete once it has come back to its outermost end."""

    def __init__(self) -> None:
        self._depth = 0
        self._begun = self._in_text = self._escaped = False

    @property
    def complete(self) -> bool:
        """Whether an object or a list has come to its end."""
        return self._begun and not self._depth

    def add(self, piece: str) -> None:
        """Take the next piece; what is no bracket, quote or escape is passed over."""
        if self._escaped:
            piece, self._escaped = piece[1:], not piece
        for mark in _JSON_MARKS.findall(piece):
            if mark == "\\":  # at the end: what it escapes comes with the next piece
                self._escaped = True
            elif mark == '"':
                self._in_text = not self._in_text
            elif not self._in_text and mark in "[{":
                self._depth, self._begun = self._depth + 1, True
            elif not self._in_text and mark in "]}":
                self._depth -= 1


class _ChoicesFold(_FinishReasons[Chunk]):
    """Keeps what chat and completion streams have in common."""

    keeps = True

    def __init__(self, asked: int = 1) -> None:
        super().__init__(asked)
        self._builders: defaultdict[int, ChoiceBuilder] = defaultdict(ChoiceBuilder)
        self._first: Chunk | None = None
        self._last = _NO_TARGET
        self.usage: UsageInfo | None = None
        self._fingerprint: str | None = None
        self._tier: str | None = None

    @property
    def text(self) -> str:
        """The text of the first choice so far."""
        return self._builders[min(self._builders)].text if self._builders else ""

    def add(self, chunks: Sequence[Chunk], payloads: Sequence[bytes], /) -> bool:
        """Take the chunks of one read; tell whether there was more than the next pieces of one text.

        All in one body: a call for each event would cost more than the rest of it.
        """
        more = False
        index, write = self._last
        pieces: list[str] = []
        place = 0
        for chunk in chunks:
            try:
                [choice] = chunk.choices
                delta = choice.delta
                if (  # most are the next piece of the text of one choice
                    (content := delta.content)
                    and choice.index == index
                    and delta.role is None
                    and delta.tool_calls is None
                    and delta.reasoning_content is None
                    and delta.reasoning is None
                    and delta.refusal is None
                    and delta.annotations is None
                    and delta.audio is None
                    and choice.logprobs is None
                    and choice.finish_reason is None
                    and chunk.usage is None
                ):
                    pieces.append(content)
                    continue
            except ValueError:  # of none, or of several choices
                pass
            more = True
            write("".join(pieces))
            place += len(pieces)
            pieces.clear()
            self._mark(chunks, payloads, place)
            index, write = self._last = self._add(chunk)
            place += 1
        write("".join(pieces))
        return more

    def _add(self, chunk: Chunk) -> _Target:
        """Take any chunk, and return the choice whose next pieces of text can go there at once, if that is known."""
        last: _Target = _NO_TARGET
        self._first = self._first or chunk
        self._fingerprint = chunk.system_fingerprint or self._fingerprint
        self._tier = chunk.service_tier or self._tier
        for choice in chunk.choices:
            builder = self._builders[choice.index]
            builder.add_choice(choice)
            last = (choice.index, builder.write) if self._whole.is_in_deltas(choice.index) else _NO_TARGET
        if chunk.usage is not None:
            self.usage = chunk.usage
        return last

    def _choices(self) -> list[tuple[int, ChoiceBuilder, FinishReason | None]]:
        return [(index, builder, self._finished.get(index)) for index, builder in sorted(self._builders.items())]


class ChatFold(_ChoicesFold[ChatCompletionStreamResponse]):
    """Folds a chat stream."""

    def snapshot(self) -> ChatCompletionResponse:
        """Return the answer as far as it came."""
        first = self._first
        return ChatCompletionResponse(
            id=first.id if first else "",
            object="chat.completion",
            created=(first.created if first else None) or 0.0,
            model=first.model if first else "",
            choices=[
                ChatCompletionResponseChoice(
                    index=index, message=builder.message(), finish_reason=reason, **builder.beside.values()
                )
                for index, builder, reason in self._choices()
            ],
            usage=self.usage,
            system_fingerprint=self._fingerprint,
            service_tier=self._tier,
        )


class CompletionFold(_ChoicesFold[CompletionStreamResponse]):
    """Folds a completion stream."""

    def snapshot(self) -> CompletionResponse:
        """Return the answer as far as it came."""
        first = self._first
        return CompletionResponse(
            id=first.id if first else "",
            object="completion",
            created=(first.created if first else None) or 0.0,
            model=first.model if first else "",
            choices=[
                CompletionResponseChoice(
                    index=index, text=builder.text, finish_reason=reason, **builder.beside.values()
                )
                for index, builder, reason in self._choices()
            ],
            usage=self.usage,
            system_fingerprint=self._fingerprint,
            service_tier=self._tier,
        )


class ImagesProgress:
    """A stream of images names no end of its own: the end of the body is one, after at least one event."""

    keeps = False
    complete = False
    text = ""
    usage = choices_finished = finish_reasons = None

    def __init__(self) -> None:
        self.begun = self.may_end = False

    def add(self, chunks: Sequence[ImageResponse], _payloads: Sequence[bytes], /) -> bool:
        """Take the events of one read; all of them are looked at."""
        self.begun = self.may_end = self.may_end or bool(chunks)
        return True

    def snapshot(self) -> None:
        """Return None: nothing is kept."""


class ImageFold:
    """Gathers the images of a stream."""

    keeps = True
    complete = False
    text = ""
    usage = choices_finished = finish_reasons = None

    def __init__(self) -> None:
        self.begun = self.may_end = False
        self._last = ImageResponse(data=[])
        self._images: list[Image] = []

    def add(self, chunks: Sequence[ImageResponse], _payloads: Sequence[bytes], /) -> bool:
        """Take the events of one read; all of them are looked at."""
        self.begun = self.may_end = self.may_end or bool(chunks)
        for chunk in chunks:
            self._last = chunk
            self._images.extend(chunk.data)
        return True

    def snapshot(self) -> ImageResponse:
        """Return one answer with all images so far."""
        return self._last.model_copy(update={"data": self._images.copy()})
