"""What users see of a fault, expected and real, in the same words."""

from __future__ import annotations

import functools
import http.client
import json
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from support.clients import HELLO

from imagine import (
    EmbeddingResponse,
    ImagineConnectionException,
    ImagineException,
    ImagineTimeoutException,
    ReRankerResponse,
)
from imagine.server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_TOKENS = 20
ADDED = "\x85\u2028\u2029\ud83d\N{REPLACEMENT CHARACTER}"
"""What some faults add to every text."""
KEY = "sk-fault-suite"
CALLS = [("get_weather", '{"city": "Oslo"}'), ("get_time", '{"zone": "CET"}')]
"""The tool calls that faults make."""
LIMIT_KINDS = (ImagineTimeoutException, ImagineConnectionException, TimeoutError)
MOST_TOLD = 65
"""KiB that a message may have."""
LITTLE = 64
"""MiB that an answer which is refused for its size may take."""


@functools.cache
def good_answer():
    """The body of a good chat answer, asked for without the SDK."""
    with LocalServer() as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        body = json.dumps({"messages": HELLO, "model": "Llama-3.1-8B", "max_tokens": MAX_TOKENS})
        connection.request("POST", "/apis/v2/chat/completions", body, {"Authorization": f"Bearer {server.api_key}"})
        content = connection.getresponse().read()
        connection.close()
        return content


@functools.cache
def good_text():
    """The text of that answer."""
    return json.loads(good_answer())["choices"][0]["message"]["content"]


@dataclass
class Seen:
    """What one call has shown."""

    answers: list = field(default_factory=list)
    chunks: list = field(default_factory=list)
    """Those of a stream, in the order of their delivery."""
    error: BaseException | None = None
    sends: int = 0
    """Requests that have arrived at the other side."""
    seconds: float = 0.0
    hung: bool = False
    """Whether it was given up."""
    peak: int = 0
    """Bytes of memory at the most, where they were counted."""

    @property
    def result(self):
        """What the user got: the good answer, several of them, an exception, or something else."""
        if self.error is not None:
            return "hung" if self.hung else _name(self.error)
        found = [_kind_of(answer) for answer in self.answers]
        return found[0] if len(found) == 1 else f"{found.count('answer')} answers"


def _name(error):
    name = type(error).__name__
    if isinstance(error, ImagineException):
        return name.removeprefix("Imagine").removesuffix("Exception") or "of ours"
    return f"raw {type(error).__module__}.{name}"


def _kind_of(answer):
    if isinstance(answer, EmbeddingResponse):
        return f"{sum(map(_is_in_place, enumerate(answer.data)))} vectors"
    if isinstance(answer, ReRankerResponse):
        return f"{sum(ranked.relevance_score > 0 for ranked in answer.data)} scores"
    message = answer.choices[0].message
    if message.tool_calls:
        return (
            f"{sum((call.function.name, call.function.arguments) in CALLS for call in message.tool_calls)} tool calls"
        )
    text = (message.content or "").translate(dict.fromkeys(map(ord, ADDED)))
    return "answer" if text == good_text() else f"another answer: {text!r}"


def _is_in_place(numbered):
    place, vector = numbered
    return vector.index == place and len(vector.embedding) > 0


class Fact(NamedTuple):
    """Something that a row may expect besides the result."""

    look: Callable[[Seen], object]
    words: str


def _of_error(name):
    return lambda seen: getattr(seen.error, name, None)


def _limit(seen):
    """The limit, where the exception is all that one of time has to be."""
    error = seen.error
    if not all(isinstance(error, kind) for kind in LIMIT_KINDS):
        return None
    limit = f"{error.limit}={error.seconds:g} s"
    return limit if limit in str(error) else f"{limit}, not named"


def _kept(seen):
    """The number of delivered chunks, where the exception carries their whole text."""
    text = "".join(chunk.first_content or "" for chunk in seen.chunks)
    partial = getattr(seen.error, "partial", None)
    return len(seen.chunks) if partial is not None and partial.first_content == text else None


def _finish(seen):
    return seen.answers[-1].choices[0].finish_reason if seen.answers else None


def _created(seen):
    return type(seen.answers[-1].created).__name__ if seen.answers else None


def _reasoning(seen):
    return "kept" if seen.answers and seen.answers[-1].choices[0].message.reasoning_content else None


def _added(seen):
    text = seen.answers[-1].choices[0].message.content if seen.answers else ""
    return " ".join(f"U+{ord(character):04X}" for character in ADDED if character in text)


def _key(seen):
    """Whether the exception shows the key: in its message, its attributes, or those of what it came from."""
    error, texts = seen.error, []
    while error is not None:
        texts += [str(error), repr(error), repr(vars(error)), "".join(traceback.format_exception(error))]
        error = error.__cause__
    return "shown" if any(KEY in text for text in texts) else "not shown"


def _told(seen):
    return f"under {MOST_TOLD} KiB" if len(str(seen.error)) < MOST_TOLD << 10 else f"{len(str(seen.error)) >> 10} KiB"


def _memory(seen):
    return f"under {LITTLE} MiB" if seen.peak < LITTLE << 20 else f"{seen.peak >> 20} MiB"


FACTS = {
    "status": Fact(_of_error("http_status"), "{}"),
    "reason": Fact(_of_error("reason"), "{}"),
    "limit": Fact(_limit, "{}"),
    "kept": Fact(_kept, "{} chunks kept"),
    "retry_after": Fact(_of_error("retry_after"), "retry_after {:g}"),
    "finish": Fact(_finish, "finish_reason {}"),
    "created": Fact(_created, "created {}"),
    "reasoning": Fact(_reasoning, "reasoning_content {}"),
    "added": Fact(_added, "{} kept"),
    "key": Fact(_key, "key {}"),
    "told": Fact(_told, "{} told"),
    "memory": Fact(_memory, "{} of memory"),
    "sends": Fact(lambda seen: seen.sends, "sent {}x"),
}


@dataclass(frozen=True)
class Expected:
    """What a row expects: the result, facts by name, and what the message says."""

    result: str
    facts: Mapping[str, object] = field(default_factory=dict)
    says: tuple[str, ...] = ()

    @property
    def words(self):
        """The expectation as users read it."""
        return _words(self.result, self.facts, self.says)

    def words_for(self, seen):
        """What was seen of the same things: the same words where it is as expected."""
        facts = {name: FACTS[name].look(seen) for name in self.facts}
        return _words(seen.result, facts, [text for text in self.says if text in str(seen.error)])


def answer(**facts):
    """Expect the good answer."""
    return Expected("answer", facts)


def failure(name, *says, **facts):
    """Expect an exception, named without its `Imagine…Exception`, whose message says all this."""
    return Expected(name, facts, says)


def _words(result, facts, says):
    told = [f"no {name}" if value is None else FACTS[name].words.format(value) for name, value in facts.items()]
    return ", ".join([result, *told]) + (f": {' … '.join(says)}" if says else "")
