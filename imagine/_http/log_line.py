"""The line that the log gets for each call that has ended: names and numbers, nothing that was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine._log import log

if TYPE_CHECKING:
    from imagine.calls import CallInfo

__all__ = ["log_end"]


def log_end(doing: str, info: CallInfo) -> None:
    """Log a call in words, and as the attribute `call` of the log's record for those who write JSON."""
    facts = _facts(info)
    shown = " ".join(f"{name}={value!r}" for name, value in facts.items())  # quoted: a model's name may have any form
    call = {"method": info.method, "path": info.path, "outcome": info.outcome, **facts}
    log.info("%s %s: %s", doing, info.outcome, shown, extra={"call": call})


def _facts(info: CallInfo) -> dict[str, str | int | float]:
    usage, first = info.usage, info.seconds_to_first_event
    facts = {
        "model": info.model,
        "status": info.status,
        "attempts": len(info.attempts),
        "seconds_total": round(info.seconds_total, 6),
        "seconds_queued": round(info.seconds_queued, 6),
        "seconds_to_first_event": None if first is None else round(first, 6),
        "events": info.events or None,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": usage.completion_tokens if usage else None,
        "request_id": info.request_id,
        "error": info.error.partition(":")[0] if info.error else None,  # its message may repeat what was sent
    }
    return {name: value for name, value in facts.items() if value is not None}
