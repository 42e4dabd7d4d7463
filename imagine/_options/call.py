"""Keywords that many methods take, each written once: sampling parameters and the options of one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

from imagine._fields import checked_fields
from imagine._options.client import at_least
from imagine._options.keywords import unexpected_keyword
from imagine._plain import plain
from imagine.limits import Timeout
from imagine.types.common import LLMSamplingParams

__all__ = ["CallOptions", "Sampling", "SamplingOptions", "checked_call_options", "split_options"]


class CallOptions(TypedDict, total=False):
    """Options of one call; None leaves each to the client."""

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
    stop: str | list[str] | None
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


_CALL_OPTIONS = frozenset(CallOptions.__annotations__)
_SAMPLING = frozenset(Sampling.__annotations__)
_whole_number = at_least(0)


def split_options(method: str, options: SamplingOptions) -> tuple[Sampling, CallOptions]:
    """Part sampling parameters from call options.

    Raises TypeError for a keyword unknown, or a value of the wrong type, ValueError for a number that makes no sense.
    """
    if not options:
        return {}, {}
    call = {name: value for name, value in options.items() if name in _CALL_OPTIONS}
    sampling = {name: value for name, value in options.items() if name not in _CALL_OPTIONS}
    if sampling:
        if not _SAMPLING.issuperset(sampling):
            raise unexpected_keyword(method, next(name for name in sampling if name not in _SAMPLING))
        sampling = checked_fields(LLMSamplingParams, sampling)
    return cast("Sampling", sampling), checked_call_options(method, cast("CallOptions", call))


def checked_call_options(method: str, options: CallOptions) -> CallOptions:
    """Return the options, with `extra_body` as JSON has it.

    Raises TypeError for a keyword that the method does not know, TypeError or ValueError for a value of no use.
    """
    for name in options:
        if name not in _CALL_OPTIONS:
            raise unexpected_keyword(method, name)
    retries, extra_body = options.get("max_retries"), cast("object", options.get("extra_body"))
    if retries is not None:
        _whole_number("max_retries", retries)
    if not isinstance(extra_body, Mapping | None):
        raise TypeError(f"extra_body must be a mapping of str, not {type(extra_body).__name__}")
    return {**options, "extra_body": plain(extra_body, "extra_body")} if extra_body else options
