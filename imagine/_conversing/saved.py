"""A conversation as a file: what was said and how it is led, but no key, no header and no function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import msgspec

from imagine._conversing.gauge import MOST, Gauge
from imagine._conversing.messages import checked_messages
from imagine._conversing.plan import Means, Plan, only_tools
from imagine._conversing.record import Record
from imagine._conversing.talk import Talk
from imagine._options.call import Sampling
from imagine._plain import plain
from imagine._saving import write_whole
from imagine.exceptions import ImagineException
from imagine.types.base import to_json
from imagine.types.common import UsageInfo

if TYPE_CHECKING:
    from os import PathLike

    from imagine._options.call import SamplingOptions
    from imagine._tool import Tool

__all__ = ["load", "save"]

_NAME = "imagine.conversation/"
_FORMAT = f"{_NAME}1"
_KEPT = {*Sampling.__annotations__, "extra_body"}
"""Options that are saved: others, such as headers, may hold secrets, or belong to one program."""
_OWNER_ALONE = 0o600


class Saved(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What stands in a file."""

    format: str = _FORMAT
    system: str | None
    model: str
    options: dict[str, Any]
    budget: int | None
    max_turns: int
    messages: list[dict[str, Any]]
    tools: list[str]
    usage: UsageInfo | None
    ratio: Annotated[float, msgspec.Meta(ge=1, le=MOST)]


def save(path: str | PathLike[str], talk: Talk) -> None:
    """Write a conversation, all of it or nothing; OSError leaves what was there before."""
    plan, record, gauge = talk
    saved = {
        "format": _FORMAT,
        "system": plain(plan.system, "system"),
        "model": plain(plan.model, "model"),
        "options": plain({name: value for name, value in plan.options.items() if name in _KEPT}, "options"),
        "budget": plan.budget,
        "max_turns": plan.max_turns,
        "messages": record.checked(),
        "tools": [tool.name for tool in plan.tools],
        "usage": record.usage,
        "ratio": gauge.ratio,
    }
    write_whole(path, to_json(saved), _OWNER_ALONE)


def load(path: str | PathLike[str], means: Means, tools: Any, count: Any) -> Talk:
    """Read a conversation; ValueError with the path where the file is none, ImagineException without its tools."""
    given = only_tools(tools)
    content = Path(path).read_bytes()
    try:
        saved = _read(content)
        options = cast("SamplingOptions", saved.options)
        plan = Plan(means, saved.system, saved.model, given, saved.budget, saved.max_turns, options)
        record = Record(checked_messages(saved.messages), saved.usage)
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"{path} is no conversation that can be gone on with: {error}") from error
    _check_tools(path, saved.tools, given)
    return Talk(plan, record, Gauge(count, saved.ratio))


def _read(content: bytes) -> Saved:
    value = _parsed(content)
    version = cast("dict[str, object]", value).get("format") if isinstance(value, Mapping) else None
    if isinstance(version, str) and version.startswith(_NAME) and version != _FORMAT:
        raise ValueError(f"it is of the format {version}, and this version of imagine reads {_FORMAT}: update it")
    if version != _FORMAT:
        raise ValueError(f"it does not say that it is of the format {_FORMAT}")
    saved = msgspec.convert(value, Saved)
    if strange := saved.options.keys() - _KEPT:
        raise ValueError(f"options has {', '.join(sorted(strange))}, which is never saved")
    return saved


def _parsed(content: bytes) -> object:
    try:
        return cast("object", msgspec.json.decode(content))
    except msgspec.DecodeError:
        return cast("object", json.loads(content))  # lone surrogates, which models stream: msgspec writes, reads none


def _check_tools(path: object, wanted: list[str], given: list[Tool]) -> None:
    names = {tool.name for tool in given}
    if missing := [name for name in wanted if name not in names]:
        raise ImagineException(f"the conversation of {path} has tools that are not given, tools=: {', '.join(missing)}")
