"""What chat model and LLM have in common: how a model picks its tokens, and how it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from imagine.langchain.connection import Connected

__all__ = ["Sampled"]

_SENT = (
    *("frequency_penalty", "presence_penalty", "repetition_penalty", "max_seconds", "ignore_eos"),
    *("skip_special_tokens", "stop_token_ids", "max_tokens", "temperature", "top_k", "top_p", "seed"),
)
_OURS = frozenset({"stream", "stream_usage", "parallel_tool_calls", "stop"})
"""Keywords of LangChain that are not the client's."""


class Sampled(Connected):
    """A model of texts, with its sampling parameters; None leaves each to the service."""

    model: str = "Llama-3.1-8B"
    """Name of the model."""
    temperature: float | None = None
    """From 0 to 2: about 0.2 gives focused and repeatable text, about 0.8 varied text."""
    max_tokens: int | None = None
    """The most tokens to generate."""
    top_p: float | None = None
    """From 0 to 1: pick from the likeliest tokens that together have this probability."""
    top_k: int | None = None
    """How many of the likeliest tokens to pick from; -1 means all of them."""
    frequency_penalty: float | None = None
    """From -2.0 to 2.0: above 0, a token gets less likely with each time that the text has it already."""
    presence_penalty: float | None = None
    """From -2.0 to 2.0: above 0, tokens that the text has already get less likely."""
    repetition_penalty: float | None = None
    """Above 1, tokens of the prompt and the text so far get less likely; below 1, more likely."""
    stop: str | list[str] | None = None
    """A text that ends the generation, or several; `stop=` of a call takes their place."""
    seed: int | None = None
    """The same seed and request give the same text, as far as the service can."""
    max_seconds: int | None = None
    """Limit of the generation, in seconds."""
    ignore_eos: bool | None = None
    """Whether to go on generating after the end-of-sequence token."""
    skip_special_tokens: bool | None = None
    """Whether to leave special tokens out of the text."""
    stop_token_ids: list[list[int]] | None = None
    """Token sequences that end the generation."""
    streaming: bool = False
    """Whether `invoke`, too, asks for a stream."""
    stream_usage: bool = True
    """Whether streams ask for the count of tokens; False for a service that refuses `stream_options`."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further members of the body; a keyword of a call of the same name takes its place."""

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Tell that it can be written down; without its key."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return the place by which what was written down names it."""
        return ["imagine", "langchain"]

    @property
    def lc_secrets(self) -> dict[str, str]:
        """The fields that are left out when it is written down, and the variables that hold them."""
        return {"api_key": "IMAGINE_API_KEY"}

    @property
    def _identifying_params(self) -> dict[str, Any]:
        """The parameters that are set, as callbacks see them."""
        names = ("model", "endpoint", *_SENT, "stop")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return {**given, **self.model_kwargs}

    def _keywords(self, stop: list[str] | None, given: Mapping[str, Any], *, stream: bool) -> dict[str, Any]:
        """Return the client's keywords: the object's parameters, then those of the call."""
        keywords = {name: getattr(self, name) for name in _SENT}
        keywords.update((name, value) for name, value in given.items() if name not in _OURS)
        keywords["stop"] = (self.stop if stop is None else stop) or None  # strict services refuse an empty list
        keywords["extra_body"] = self._extra_body(given)
        if stream:
            _refuse_several(keywords["extra_body"])
            asks_for_usage = given.get("stream_usage", self.stream_usage)
            keywords.setdefault("stream_options", {"include_usage": True} if asks_for_usage else None)
        return keywords

    def _extra_body(self, given: Mapping[str, Any]) -> dict[str, Any]:
        members = {name: value for name, value in self.model_kwargs.items() if name not in given}
        if given.get("parallel_tool_calls") is not None:
            members["parallel_tool_calls"] = given["parallel_tool_calls"]
        return {**members, **(given.get("extra_body") or {})}


def _refuse_several(body: Mapping[str, Any]) -> None:
    if (body.get("n") or 1) != 1:
        raise ValueError(f"n= {body['n']!r}: a stream has one answer; ask for several without stream or streaming=True")
