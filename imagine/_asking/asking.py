"""A question for a value: what is sent for it, and what comes of each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from imagine._asking.outcomes import Parsed
from imagine._asking.priming import prime_of
from imagine._asking.reading import MisfitError, begun_in, is_cut, read, texts_of
from imagine._asking.steps import is_refusal_of_way, limit_of, varied
from imagine._asking.ways import chat_keywords, checked_ways, completion_keywords, corrected, is_text
from imagine._options.call import SamplingOptions, split_options
from imagine._options.client import at_least
from imagine._plain import plain
from imagine._requests import chat_request
from imagine._running.spending import summed
from imagine._schema.target import target_of
from imagine.exceptions import ImagineException, ImagineParseException

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from imagine._asking.outcomes import Answer, Way
    from imagine._redaction.redaction import Redaction
    from imagine._schema.target import Target

__all__ = ["Asking", "until_it_fits"]

T = TypeVar("T")
_SHOWN = 200
"""Characters of the last answer that an error shows."""
_at_least_one = at_least(1)


class Asking(Generic[T]):
    """One question; `asks` is how many answers it may take, None where each way is gone once."""

    def __init__(
        self,
        method: str,
        messages: object,
        response_type: object,
        model: str,
        ways: object,
        asks: int | None,
        options: SamplingOptions,
        redaction: Callable[[], Redaction],
    ) -> None:
        sampling, _ = split_options(method, options)
        given = chat_request(messages, model, None, None, None, sampling, stream=False).messages
        self.target: Target[Any] = target_of(response_type)
        self._messages = [cast("dict[str, Any]", plain(message, "messages")) for message in given]
        self._ways = checked_ways(ways, only_texts=all(map(is_text, self._messages)))
        self._asks = asks if asks is None else _at_least_one("asks", asks)
        self._model = model
        self._options = options
        self._redaction = redaction
        self._sent: SamplingOptions = {}
        self._correction: list[dict[str, Any]] = []
        self._answers: list[Answer] = []
        self._refusal: ImagineException | None = None

    @property
    def way(self) -> Way:
        """The way that is gone now."""
        return self._ways[0]

    def request(self) -> dict[str, Any]:
        """Return the keywords of the next call: of a completion, or else of a chat."""
        messages = [*self._messages, *self._correction]
        given = {name: value for name, value in self._options.items() if value is not None}
        options = varied(cast("SamplingOptions", given), len(self._answers))
        if self.way == "completion":
            keywords = {**completion_keywords(messages, self.target), **options}
        else:
            keywords = {**chat_keywords(self.way, messages, self.target), **options}
        self._sent = cast("SamplingOptions", keywords)
        return {**keywords, "model": self._model}

    def failed(self, error: ImagineException) -> None:
        """Give a way up that the service may have refused; raise any other error, and the first where none is left."""
        if not is_refusal_of_way(error):
            raise self._with_answer(error)
        self._refusal = self._refusal or error
        self._ways.pop(0)
        self._correction = []
        if not self._ways:
            raise self._with_answer(self._refusal)

    def _with_answer(self, error: ImagineException) -> ImagineException:
        """Put the last answer on an error that came in place of the next one: it is paid for."""
        if self._answers and error.partial is None:
            error.partial = self._answers[-1]
        return error

    def taken(self, answer: Answer, *, last: bool = False) -> Parsed[T] | None:
        """Return the value of an answer; None where there is more to ask, else ImagineParseException."""
        self._answers.append(answer)
        texts, cut = texts_of(answer, prime_of(self.target)), is_cut(answer, limit_of(self._sent))
        try:
            value, repaired = read(texts, self.target, cut=cut)
        except MisfitError as misfit:
            if not (cut or last) and self._goes_on(texts, misfit):
                return None
            failure = self._failure(texts, misfit, cut=cut)
        else:
            usage = summed(answer.usage for answer in self._answers)
            return Parsed(value, answer, self.way, len(self._answers), repaired, usage)
        raise failure  # out here, without the misfit as its context: that quotes the answer as it came

    def _goes_on(self, texts: list[str], misfit: MisfitError) -> bool:
        """Decide what is asked next: where there was JSON the same with its error, else the next way."""
        if self._asks is None:
            self._ways.pop(0)
            return bool(self._ways)
        if misfit.has_json:
            self._correction = corrected("\n".join(texts), str(misfit))
        else:
            self._correction = []
            self._ways.append(self._ways.pop(0))
        return len(self._answers) < self._asks

    def _failure(self, texts: list[str], misfit: MisfitError, *, cut: bool) -> ImagineParseException:
        count, shown = len(self._answers), "\n".join(texts)
        after = f"{count} answers: the last" if count > 1 else "one answer: it"
        what = f"no value of {self.target.name} came of {after} {_problem(misfit, limit_of(self._sent), cut=cut)}"
        said = f"; it said {shown[:_SHOWN]!r}" if shown else ", and said nothing"
        error = ImagineParseException(self._redaction().text(f"{what}{said}"))
        error.answer, error.partial, error.cut, error.asked = self._answers[-1], begun_in(texts), cut, count
        error.usage, error.call = summed(answer.usage for answer in self._answers), self._answers[-1].call
        return error


def _problem(misfit: MisfitError, limit: object, *, cut: bool) -> str:
    if not cut:
        return f"does not fit: {misfit}" if misfit.has_json else "has no JSON"
    return f"was cut after max_tokens={limit}, give it more" if limit else "was cut at the service's limit of tokens"


async def until_it_fits(
    asking: Asking[T],
    chat: Callable[..., Awaitable[Answer]],
    completion: Callable[..., Awaitable[Answer]],
) -> Parsed[T]:
    """Ask until an answer fits, or there is no more to ask."""
    while True:
        keywords = asking.request()
        try:
            answer = await (completion if asking.way == "completion" else chat)(**keywords)
        except ImagineException as error:
            asking.failed(error)
            continue
        if parsed := asking.taken(answer):
            return parsed
