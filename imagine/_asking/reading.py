"""The texts of an answer, and the value that they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from imagine._asking.fitting import Fitted, fitted
from imagine._asking.priming import primed
from imagine._asking.spelling import resolved
from imagine._asking.thoughts import without_thoughts
from imagine._json.finding import begins_json, found_json, only_number, only_option
from imagine._json.mending import mended, strictly_read
from imagine._json.seeking import Seeking
from imagine.types.chat_completions import ChatCompletionResponse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagine._asking.outcomes import Answer
    from imagine._schema.target import Target

__all__ = ["MisfitError", "begun_in", "is_cut", "read", "texts_of"]

_LONGEST = 1_000
"""Characters of what is wrong: a model of pydantic finds a misfit in each of a thousand items."""
_TEXTS = frozenset({"string", "integer", "number", "boolean", "null"})


class MisfitError(ValueError):
    """No value of an answer fits; it says what is wrong with the one that came nearest."""

    def __init__(self, says: str, *, has_json: bool) -> None:
        super().__init__(says if len(says) <= _LONGEST else f"{says[:_LONGEST]}\u2026")
        self.has_json = has_json


class _Candidate(NamedTuple):
    size: int
    value: object
    mended: bool


def texts_of(answer: Answer, prime: str) -> list[str]:
    """Return where an answer may be: the arguments of tool calls, whatever their names, then the text.

    `prime` is what a completion goes on from.
    """
    if not isinstance(answer, ChatCompletionResponse):
        return [primed(choice.text, prime) for choice in answer.choices]
    texts: list[str] = []
    for choice in answer.choices:
        calls = choice.message.tool_calls or []
        texts += [call.function.arguments for call in calls if call.function and call.function.arguments]
        content = choice.message.content
        parts: list[Any] = content if isinstance(content, list) else [{"text": content}]
        texts.append("".join(part["text"] for part in parts if isinstance(part.get("text"), str)))
    return list(filter(None, texts))


def is_cut(answer: Answer, max_tokens: object) -> bool:
    """Tell whether a limit of tokens ended an answer; some services call that `stop`."""
    made = answer.usage.completion_tokens if answer.usage else None
    reached = isinstance(max_tokens, int) and made is not None and made >= max_tokens * max(len(answer.choices), 1)
    return reached or any(choice.finish_reason == "length" for choice in answer.choices)


def begun_in(texts: Sequence[str]) -> object:
    """Return what JSON an answer begins with, as far as it came; None where there is none."""
    for text in texts:
        seeking = Seeking(lists=True)
        seeking.feed(without_thoughts(text))
        if seeking.begun:
            return cast("object", seeking.growing.data)
    return None


def read(texts: Sequence[str], target: Target[Any], *, cut: bool = False) -> Fitted:
    """Return the first value of some texts that fits; MisfitError where none does.

    Of a text that was cut only what is complete counts: brackets that close, and no number or word of a sentence.
    """
    found = _Found(target, cut=cut)
    for text in texts:
        found.look_into(text)
    nearest, error = -1, MisfitError("there is no JSON in it", has_json=found.is_json)
    for candidate in found.candidates:
        try:
            value, repaired = fitted(candidate.value, target, alone=found.is_alone)
            return Fitted(value, repaired or candidate.mended)
        except ValueError as misfit:
            if candidate.size > nearest:
                nearest, error = candidate.size, MisfitError(str(misfit), has_json=found.is_json)
    if target.kind == "scalar" and not cut and not found.is_json:
        return _said(texts, target, error)
    raise MisfitError(found.flaw, has_json=True) if found.flaw and nearest < 0 else error


class _Found:
    """The values that texts hold, those of the wanted kind first."""

    def __init__(self, target: Target[Any], *, cut: bool) -> None:
        self.candidates: list[_Candidate] = []
        self.is_json = False
        self.flaw = ""
        """Why JSON could not be read."""
        self._is_more = False
        self._target = target
        self._cut = cut
        self._lists = target.kind != "scalar" or not _TEXTS.issuperset(map(_type_of, _options(target.schema)))

    @property
    def is_alone(self) -> bool:
        """Whether there is one value, and beside it no JSON that could not be read or does not end."""
        return len(self.candidates) == 1 and not self._is_more

    def look_into(self, text: str) -> None:
        said = without_thoughts(text).strip()
        tried = dict.fromkeys((text.strip(), said))
        if any(map(self._is_read, tried)):
            return
        found = found_json(said, "[" if self._target.kind == "array" else "{")
        if found.is_open:
            self.is_json, self._is_more, self.flaw = True, True, "the JSON is not complete"
        for piece in found.texts:
            if found.is_open and not (piece.startswith("{") or said.startswith(piece)):
                continue  # a note such as [1] is not what was meant to come
            if (piece in tried or not self._is_read(piece, inside=True)) and begins_json(piece):
                self.is_json = self._is_more = True

    def _is_read(self, text: str, *, inside: bool = False) -> bool:
        """Tell whether a text is JSON, and take its value; a list inside of a sentence is none of its words."""
        for reads in (strictly_read, mended):
            try:
                value = reads(text)
                if isinstance(value, str) and self._target.kind != "scalar":  # encoded twice
                    value, reads = mended(value), mended
            except ValueError as error:
                self.flaw = str(error) if begins_json(text) else self.flaw
                continue
            if self._lists or not (inside and isinstance(value, list)):
                self._take(_Candidate(len(text), value, reads is mended))
            return True
        return False

    def _take(self, candidate: _Candidate) -> None:
        self.is_json |= isinstance(candidate.value, dict | list)
        if not (self._cut and type(candidate.value) in (int, float)):  # more digits may have been to come
            self.candidates.append(candidate)


def _said(texts: Sequence[str], target: Target[Any], error: MisfitError) -> Fitted:
    """Return what sentences say: the text itself, the only number in it, or the only option that it names."""
    for text in filter(None, map(str.strip, map(without_thoughts, texts))):
        for form in _forms(text, target.schema):
            try:
                return Fitted(target.convert(form, strict=False), repaired=form is not text)
            except ValueError:
                continue
    raise error


def _forms(text: str, schema: dict[str, Any]) -> Iterator[str]:
    options = list(_options(schema))
    names = [name for option in options for name in (option.get("enum") or [option.get("const")])]
    if any(option.get("type") == "string" and "enum" not in option for option in options):
        yield text
    named = only_option(text, [name for name in names if isinstance(name, str)])
    number = only_number(text) if any(option.get("type") in ("integer", "number") for option in options) else None
    yield from filter(None, (named, number))


def _type_of(option: dict[str, Any]) -> object:
    kind = option.get("type")
    return kind if isinstance(kind, str) else None


def _options(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    several: list[dict[str, Any]] = schema.get("anyOf") or schema.get("oneOf") or [schema]
    return (resolved(option, schema) for option in several)
