"""Keywords that many methods take, each spelled once: sampling parameters and the options of a single call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, cast

import msgspec

from imagine._options import ClientOptions, at_least
from imagine.types.common import LLMSamplingParams

if TYPE_CHECKING:
    from imagine._time import Timeout

__all__ = ["CallOptions", "Sampling", "SamplingOptions", "call_options", "spelled", "split"]

Method = TypeVar("Method", bound=Callable[..., object])


class CallOptions(TypedDict, total=False):
    """Options of one inference call; None leaves each to the client."""

    timeout: float | Timeout | None
    """Seconds, or a `Timeout`, in place of the client's."""
    deadline: float | None
    """Seconds the whole call may take: slot, quota, retries and body. None: no such limit."""
    max_retries: int | None
    """Attempts after the first, in place of the client's."""
    extra_body: Mapping[str, Any] | None
    """Members merged into the JSON body; they win over the SDK's, and None in them is sent as null."""
    extra_headers: Mapping[str, str] | None
    """Headers of this request; they win over the client's."""


class Sampling(TypedDict, total=False):
    """How a model picks its tokens, as in `LLMSamplingParams`; None leaves each to the service."""

    frequency_penalty: float | None
    presence_penalty: float | None
    repetition_penalty: float | None
    stop: list[str] | None
    max_seconds: int | None
    ignore_eos: bool | None
    skip_special_tokens: bool | None
    stop_token_ids: list[list[int]] | None
    max_tokens: int | None
    temperature: float | None
    top_k: int | None
    top_p: float | None
    stream_options: dict[str, Any] | None
    seed: int | None


class SamplingOptions(Sampling, CallOptions, total=False):
    """Sampling parameters and the options of one call."""


_whole_number = at_least(0)

_SPELLED: Mapping[str, object] = {
    "CallOptions": CallOptions,
    "SamplingOptions": SamplingOptions,
    "ClientOptions": ClientOptions,
}


def split(options: SamplingOptions) -> tuple[Sampling, CallOptions]:
    """Part sampling parameters from call options; TypeError for a value of the wrong type."""
    if not options:
        return {}, {}
    call = {name: value for name, value in options.items() if name in CallOptions.__annotations__}
    sampling = {name: value for name, value in options.items() if name not in call}
    if sampling:
        _check_types(sampling)
    return cast("Sampling", sampling), call_options(cast("CallOptions", call))


def _check_types(sampling: Mapping[str, object]) -> None:
    try:
        msgspec.convert(sampling, LLMSamplingParams)
    except msgspec.ValidationError as error:
        raise TypeError(f"a sampling parameter has the wrong type: {error}") from error


def call_options(options: CallOptions) -> CallOptions:
    """Return the options; TypeError for a keyword that no method knows, or a value that is none of its kind."""
    for name in options:
        if name not in CallOptions.__annotations__:
            raise TypeError(f"unexpected keyword argument {name!r}")
    retries, extra_body = options.get("max_retries"), cast("object", options.get("extra_body"))
    if retries is not None:
        _whole_number("max_retries", retries)
    if not isinstance(extra_body, Mapping | None):
        raise TypeError(f"extra_body must be a mapping of str, not {type(extra_body).__name__}")
    return options


def spelled(method: Method) -> Method:
    """Let `help()`, notebooks and documentation show the keywords behind a method's `**options`."""
    signature = inspect.signature(method)
    *head, rest = signature.parameters.values()
    keywords = cast("type", _SPELLED[str(rest.annotation).removeprefix("Unpack[").removesuffix("]")])
    for name in keywords.__annotations__:
        head.append(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None))
    method.__signature__ = signature.replace(parameters=head)  # type: ignore[attr-defined]  # the protocol of inspect
    return method
