"""What of a value is there while it streams, and which of its parts have just become complete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

from imagine._asking.fitting import fitted
from imagine._asking.places import UNKNOWN, type_at
from imagine._asking.priming import prime_of, primed
from imagine._asking.thoughts import Thoughts
from imagine._json.growing import Completed
from imagine._json.seeking import Seeking
from imagine._schema.target import target_of
from imagine.types.completions import CompletionStreamResponse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagine._schema.target import Target
    from imagine.types.chat_completions import ChatCompletionStreamResponse

    Chunk: TypeAlias = ChatCompletionStreamResponse | CompletionStreamResponse

__all__ = ["Showing"]


class Showing:
    """Reads the chunks of one stream: the tool call or the text in which JSON begins first is what is shown."""

    def __init__(self, target: Target[Any]) -> None:
        self.data: Any = None
        """The live tree, None until it begins."""
        self._target = target
        self._sources: dict[int | None, _Source] = {}
        self._shown: _Source | None = None

    def feed(self, chunks: Sequence[Chunk]) -> list[Completed] | None:
        """Take the chunks of one read, and return what became complete; None where nothing changed."""
        changed, completed = False, list[Completed]()
        for chunk in chunks:
            for key, text in _texts(chunk):
                if key not in self._sources:
                    self._sources[key] = _Source(self._target, primes=isinstance(chunk, CompletionStreamResponse))
                source = self._sources[key]
                if self._shown in (None, source):
                    completed += source.feed(text)
                    self._shown = source if source.seeking.begun else None
                    changed |= source.seeking.begun
        if self._shown is not None:
            self.data = self._inside(self._shown.seeking.growing.data)
        return self._typed(completed) if changed and self.data is not None else None

    def _inside(self, data: Any) -> Any:
        return cast("dict[str, Any]", data).get("value") if self._is_wrapped(data) else data

    def _is_wrapped(self, data: object) -> bool:
        return self._target.kind != "object" and isinstance(data, dict)

    def _typed(self, completed: list[Completed]) -> list[Completed]:
        """Return what fits the type of its place, as that type has it; the misfits of the rest are told at the end."""
        wrapped = self._shown is not None and self._is_wrapped(self._shown.seeking.growing.data)
        found = list[Completed]()
        for path, value in completed:
            if not wrapped or path[:1] == ("value",):
                found += _as_its_type(self._target.type, path[1:] if wrapped else path, value)
        return found


class _Source:
    """One of the texts of a stream."""

    def __init__(self, target: Target[Any], *, primes: bool) -> None:
        self.seeking = Seeking(lists=target.kind == "array")
        self._thoughts = Thoughts()
        self._prime = prime_of(target) if primes else ""

    def feed(self, text: str) -> list[Completed]:
        if self._prime and text.strip():
            text, self._prime = primed(text, self._prime), ""
        return self.seeking.feed(self._thoughts.feed(text))


def _texts(chunk: Chunk) -> Iterator[tuple[int | None, str]]:
    for choice in chunk.choices:
        if choice.index:  # of several answers the first is shown
            continue
        for call in choice.delta.tool_calls or ():
            if call.function and call.function.arguments:
                yield call.index or 0, call.function.arguments
        if choice.delta.content:
            yield None, choice.delta.content


def _as_its_type(kind: object, path: tuple[str | int, ...], value: Any) -> list[Completed]:
    here = type_at(kind, path)
    if here is UNKNOWN:
        return [(path, value)]
    try:
        return [(path, fitted(value, target_of(here)).value)]
    except (TypeError, ValueError):
        return []
