"""Tokens of several answers together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine.types.common import UsageInfo

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["summed"]


def summed(usages: Iterable[UsageInfo | None]) -> UsageInfo | None:
    """Return the sum of what was reported; None where nothing was."""
    reported = [usage for usage in usages if usage is not None]
    if not reported:
        return None
    return UsageInfo(
        prompt_tokens=_sum(usage.prompt_tokens for usage in reported),
        completion_tokens=_sum(usage.completion_tokens for usage in reported),
        total_tokens=_sum(usage.total_tokens for usage in reported),
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    counted = [count for count in counts if count is not None]
    return sum(counted) if counted else None
