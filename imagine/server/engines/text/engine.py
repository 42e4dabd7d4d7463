"""The text engine itself: what a request asks for, put together from the modules beside this one.

The model is tiny and knows nothing: it writes plausible strings of words, starting where its training text is closest
to the question. All else is real: token counts, limits, stops, sampling, tool calls, JSON that fits.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from itertools import chain, islice
from typing import TYPE_CHECKING

from imagine.server.engines.interface import Odds, Token
from imagine.server.engines.randomness import fractions_for, random_for
from imagine.server.engines.schema import example
from imagine.server.engines.text.asked_object import asked_keys, asked_schema
from imagine.server.engines.text.conversation import last_user_text, quoted_tool_result, text_of
from imagine.server.engines.text.ending import Stop, StopStrings, StopTokens, ended
from imagine.server.engines.text.ngram import END, NgramModel
from imagine.server.engines.text.openings import Openings
from imagine.server.engines.text.response_format import response_format
from imagine.server.engines.text.sampling import Sampler, check, stop_texts
from imagine.server.engines.text.tool_choice import chosen_tool
from imagine.server.engines.tokens import count, pieces
from imagine.types.base import to_json
from imagine.types.chat_completions import ChatCompletionRequest, ChatMessageToolCall, Function

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagine.server.engines.text.ngram import Context
    from imagine.types.common import LLMSamplingParams

DEFAULT_MAX_TOKENS = 128
"""Maximum number of tokens of a text if the request sets none."""


class NgramTextEngine:
    """Writes text with a seeded n-gram model: equal requests get equal answers, in every process.

    The randomness comes from the prompt or the messages, and `seed`; so another `max_tokens` or `stop` only cuts the
    same text elsewhere. The end of a paragraph ends an answer; with `ignore_eos` another paragraph follows.
    `stop_token_ids` holds sequences of ids of this model's own vocabulary; other ids never come. `max_seconds` and
    `skip_special_tokens` are ignored: answers take milliseconds, and no special token has text.
    """

    takes_time = False

    def __init__(self, corpus: str | None = None) -> None:
        """Train on a text whose paragraphs are separated by blank lines, by default the one in the package."""
        self._model, self._openings = _trained_on_shipped() if corpus is None else _trained(corpus)
        self._opened = cache(self._open)

    @property
    def vocabulary(self) -> Sequence[str]:
        """The text of each token; its index is the id that `stop_token_ids` uses."""
        return self._model.tokens

    def count(self, text: str) -> int:
        """Count the words and punctuation marks of a text."""
        return count(text)

    def is_quick(self, sampling: LLMSamplingParams) -> bool:
        """Tell that texts of everyday length are quick; tool calls and JSON may take their time to fit a schema."""
        if type(self) is not NgramTextEngine:  # a subclass may do anything: it speaks for itself
            return False
        if isinstance(sampling, ChatCompletionRequest) and (sampling.tools or sampling.response_format):
            return False
        return (sampling.max_tokens or 0) <= DEFAULT_MAX_TOKENS

    def complete(self, prompt: str, sampling: LLMSamplingParams) -> Iterator[Token]:
        """Continue the prompt; ValueError for a sampling option out of its bounds."""
        check(sampling)
        sampler = self._sampler(sampling, prompt, fractions_for(prompt, sampling.seed))
        written = self._written(self._model.context_after(prompt), sampler, sampling)
        return self._ended(written, sampling, DEFAULT_MAX_TOKENS)

    def chat(self, request: ChatCompletionRequest) -> Iterator[Token]:
        """Quote a tool's result, make the JSON that `response_format` asks for, or write about the user's words.

        Quotes and JSON come whole unless `max_tokens` is given. ValueError for no messages, for an option out of its
        bounds, and for a schema that no value is found for.
        """
        _check_chat(request)
        fixed = self._json(request) or quoted_tool_result(request.messages)
        if fixed is None:
            return self._ended(self._spoken(request), request, DEFAULT_MAX_TOKENS)
        return self._ended(map(_certain, pieces(fixed)), request, None)

    def tool_calls(self, request: ChatCompletionRequest) -> list[ChatMessageToolCall]:
        """Make one tool call if `tool_choice` or the last user message asks for it, with arguments that fit its schema.

        ValueError as for `chat`, and for a `tool_choice` that can't be followed.
        """
        _check_chat(request)
        if not request.tools and not request.tool_choice:
            return []
        tool = chosen_tool(request)
        if tool is None:
            return []
        arguments = example({"type": "object", **(tool.parameters or {})}, last_user_text(request.messages))
        identifier = random_for(request.messages, request.seed, tool.name).getrandbits(64)
        function = Function(name=tool.name, arguments=to_json(arguments).decode())
        return [ChatMessageToolCall(id=f"call_{identifier:016x}", type="function", function=function)]

    def _json(self, request: ChatCompletionRequest) -> str | None:
        wanted = response_format(request.response_format)
        if wanted.type == "text":
            return None
        if wanted.json_schema is None:
            return to_json(self._object(request)).decode()
        return to_json(example(wanted.json_schema.schema, last_user_text(request.messages))).decode()

    def _object(self, request: ChatCompletionRequest) -> object:
        """Make an object of the schema in the conversation, or with the keys that it asks for, each with a text."""
        conversation = "\n".join(map(text_of, request.messages))
        if (schema := asked_schema(conversation)) is not None:
            return example({"type": "object", **schema}, last_user_text(request.messages))
        keys = asked_keys(conversation)
        if not keys:
            return {"answer": self._said(request)}
        return {key: self._said(request, key) for key in keys}

    def _said(self, request: ChatCompletionRequest, *about: str) -> str:
        return "".join(token.text for token in islice(self._spoken(request, *about), DEFAULT_MAX_TOKENS))

    def _spoken(self, request: ChatCompletionRequest, *about: str) -> Iterator[Token]:
        opening, context = self._opened(self._openings.about(last_user_text(request.messages)))
        conversation = " ".join(map(text_of, request.messages))
        sampler = self._sampler(request, conversation, fractions_for(request.messages, request.seed, *about))
        return chain(opening, self._written(context, sampler, request))

    def _open(self, opening: str) -> tuple[list[Token], Context]:
        """Return the tokens of an opening, and the context after it; there are only as many as the text has words."""
        return list(map(_certain, pieces(opening))), self._model.context_after(opening)

    def _written(self, context: Context, sampler: Sampler, sampling: LLMSamplingParams) -> Iterator[Token]:
        token, written = sampler.pick(context)
        # The first token is written even if it is END (as a paragraph break): no completion is empty.
        while True:
            yield written
            context = (context[1], token)
            token, written = sampler.pick(context)
            if token == END and not sampling.ignore_eos:
                return

    def _sampler(self, sampling: LLMSamplingParams, prompt: str, fractions: Iterator[float]) -> Sampler:
        repeatable = pieces(prompt) if sampling.repetition_penalty is not None else ()
        return Sampler(self._model, sampling, fractions, map(self._model.id_of, repeatable))

    def _ended(self, text: Iterable[Token], sampling: LLMSamplingParams, default_limit: int | None) -> Iterator[Token]:
        limit = default_limit if sampling.max_tokens is None else sampling.max_tokens
        stops: list[Stop] = []
        if texts := stop_texts(sampling):
            stops.append(StopStrings(texts))
        if sampling.stop_token_ids:
            stops.append(StopTokens(self._known(sampling.stop_token_ids)))
        return ended(text, limit, stops)

    def _known(self, sequences: Iterable[Sequence[int]]) -> list[list[str]]:
        """Return the texts of those sequences whose tokens are all known."""
        known = range(len(self._model.tokens))
        kept = [ids for ids in sequences if ids and all(token in known for token in ids)]
        return [[self._model.tokens[token] for token in ids] for ids in kept]


def _certain(piece: str) -> Token:
    """Return a token in whose place nothing else could have come."""
    return Token(piece, None, lambda: Odds(0.0, [(piece, 0.0)]))


def _check_chat(request: ChatCompletionRequest) -> None:
    check(request)
    if not request.messages:
        raise ValueError("messages must hold at least one message.")


def _trained(corpus: str) -> tuple[NgramModel, Openings]:
    return NgramModel(corpus), Openings(corpus)


@cache
def _trained_on_shipped() -> tuple[NgramModel, Openings]:
    """Train once per process: 13 ms, which each server of a test suite would pay."""
    return _trained(files("imagine.server.engines.text").joinpath("corpus.txt").read_text("utf-8"))
