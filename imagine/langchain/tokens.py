"""Counts of tokens as LangChain has them: only what the service tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata

from imagine.types.common import UsageInfo

__all__ = ["combined", "told_usage", "usage_metadata"]

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


def usage_metadata(usage: UsageInfo | None) -> UsageMetadata | None:
    """Return the counts; None where the service tells too few of them."""
    if usage is None:
        return None
    sent, made, total = (getattr(usage, name) for name in _COUNTS)
    if sent is not None and made is not None:
        total = sent + made if total is None else total
    elif total is None or (sent is None and made is None):
        return None
    sent, made = total - made if sent is None else sent, total - sent if made is None else made
    counts = UsageMetadata(input_tokens=sent, output_tokens=made, total_tokens=total)
    if details := _named(usage.prompt_tokens_details, {"cached_tokens": "cache_read", "audio_tokens": "audio"}):
        counts["input_token_details"] = InputTokenDetails(**details)  # type: ignore[typeddict-item]  # of its names
    if details := _named(usage.completion_tokens_details, {"reasoning_tokens": "reasoning", "audio_tokens": "audio"}):
        counts["output_token_details"] = OutputTokenDetails(**details)  # type: ignore[typeddict-item]
    return counts


def _named(details: Mapping[str, Any] | None, names: Mapping[str, str]) -> dict[str, int]:
    told = details or {}
    return {ours: told[theirs] for theirs, ours in names.items() if isinstance(told.get(theirs), int)}


def told_usage(usage: UsageInfo | None) -> dict[str, int]:
    """Return the counts under the service's own names."""
    counts = {name: getattr(usage, name, None) for name in _COUNTS}
    return {name: count for name, count in counts.items() if count is not None}


def combined(outputs: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    """Return what several answers say together: their counts added up, and their models where all have the same."""
    told = [output for output in outputs if output]
    counts: Counter[str] = Counter()
    for output in told:
        counts.update(output.get("token_usage") or {})
    models = {output.get("model_name") for output in told}
    return {"token_usage": dict(counts), **({"model_name": models.pop()} if len(models) == 1 else {})}
