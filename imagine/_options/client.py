"""The options of a client, checked once, when it is made: a bad one never reaches the wire."""

from __future__ import annotations

import functools
import inspect
import os
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict, cast

import msgspec

from imagine._instead import nearest
from imagine._options.endpoint import checked_endpoint
from imagine._options.proxy import checked_proxy
from imagine.calls import CallInfo
from imagine.limits import RateLimit, Timeout, positive_seconds

__all__ = [
    "ClientOptions",
    "ExtraOptions",
    "Options",
    "Secret",
    "at_least",
    "checked_callback",
    "checked_headers",
    "checked_key",
]

MIB = 1024 * 1024
_YES = frozenset({"true", "1", "t", "y", "yes"})
_UNSENDABLE = r"[\x00-\x1f\x7f\ud800-\udfff]"  # compiled on need: it takes longer than the check of all options
"""Control characters, and halves of surrogate pairs."""
_FRAMING = frozenset({"content-length", "transfer-encoding"})
"""Headers that say where a body ends: with another end, its rest would be read as a request."""
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2, token


KeyFunction: TypeAlias = "Callable[[], str | Awaitable[str]]"


class Secret:
    """A key, or the function that gives it, which shows itself only when asked for its value."""

    __slots__ = ("value",)

    def __init__(self, value: str | KeyFunction) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __deepcopy__(self, _memo: object) -> Secret:
        return self  # a function may belong to what cannot be copied, and has its cache there

    def __reduce__(self) -> tuple[type[Secret], tuple[str | KeyFunction]]:
        return Secret, (self.value,)


class ExtraOptions(TypedDict, total=False):
    """The keyword-only options of both clients; None means the default."""

    default_headers: Mapping[str, str] | None
    """Headers sent with every request."""
    retry_budget: float | None
    """Seconds all waits of one call may add up to, 120 by default; a service that asks for more is an error at once."""
    slot_timeout: float | None
    """Seconds a call may wait for one of the client's slots, 60 by default."""
    retry_on_timeout: bool | None
    """Send again after a write, read or first_event timeout; off by default: the first may still be at work."""
    rate_limits: Sequence[RateLimit] | None
    """Quotas to keep to before anything is sent; several windows hold at once, over all lanes."""
    on_limit: Literal["wait", "raise"] | None
    """Wait for a quota (the default, at most `retry_budget`), or raise ImagineQuotaException at once."""
    on_call: Callable[[CallInfo], object] | None
    """Called once for every call that has ended, to whatever end (see `CallInfo.outcome`), on the thread of its loop.

    It runs in the context of who made the call: context variables are those of the task, or thread, that called, for a
    stream at the time when it was made. What it raises is logged and changes nothing. It must not be a coroutine
    function (TypeError), which nobody would await: let it start a task, or put the record into a queue.
    """
    max_event_bytes: int | None
    """The longest event of a stream, 16 MiB by default."""
    max_response_bytes: int | None
    """The longest body after decompression, 512 MiB by default."""


class ClientOptions(ExtraOptions, total=False):
    """All options of a client by name, as `with_options` takes them."""

    endpoint: str | None
    api_key: str | Callable[[], str | Awaitable[str]] | None
    max_retries: int | None
    timeout: float | Timeout | None
    verify: bool | str | os.PathLike[str] | ssl.SSLContext | None
    max_concurrent_requests: int | None
    proxy: str | Literal[False] | None
    debug: bool | None


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Checked options; equal options mean equal behaviour."""

    endpoint: str
    api_key: Secret
    max_retries: int = 3
    timeout: Timeout = Timeout()
    verify: object = True
    max_concurrent_requests: int = 64
    proxy: str | Literal[False] | None = None
    debug: bool = False
    default_headers: Mapping[str, str] = {}
    retry_budget: float = 120.0
    slot_timeout: float = 60.0
    retry_on_timeout: bool = False
    rate_limits: tuple[RateLimit, ...] = ()
    on_limit: Literal["wait", "raise"] = "wait"
    on_call: Callable[[CallInfo], object] | None = None
    max_event_bytes: int = 16 * MIB
    max_response_bytes: int = 512 * MIB

    def __repr__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """Show no more to those who ask as `rich` does: a proxy and headers have secrets, too."""
        return [("endpoint", self.endpoint), ("api_key", "***"), ("max_retries", self.max_retries)]

    @classmethod
    def read(cls, given: ClientOptions) -> Options:
        """Check what the user gave, fill in environment and defaults; ValueError or TypeError names the option."""
        if unknown := given.keys() - set(cls.__struct_fields__):
            raise _unknown_option(sorted(unknown), cls.__struct_fields__)
        known = {name: value for name, value in given.items() if value is not None}
        known["endpoint"] = checked_endpoint(_setting(known, "endpoint", "IMAGINE_API_ENDPOINT"))
        known["api_key"] = _secret(known)
        known.setdefault("debug", os.environ.get("IMAGINE_DEBUG", "").strip().lower() in _YES)
        for name, check in _CHECKS.items():
            if name in known:
                known[name] = check(name, known[name])
        return cls(**known)  # type: ignore[arg-type]  # each value went through its check above

    def changed(self, given: ClientOptions) -> Options:
        """Return these options with some of them replaced."""
        mine: dict[str, object] = {name: getattr(self, name) for name in self.__struct_fields__}
        mine["api_key"] = self.api_key.value
        mine.update((name, value) for name, value in given.items() if value is not None or name not in mine)
        return Options.read(mine)  # type: ignore[arg-type]  # the names are those of ClientOptions


def _unknown_option(unknown: list[str], known: Sequence[str]) -> TypeError:
    meant = nearest(unknown[0], known)
    hint = f" (did you mean {meant}?)" if meant else ""
    return TypeError(f"unknown option {', '.join(unknown)}{hint}; there are {', '.join(known)}")


def _setting(known: Mapping[str, object], name: str, variable: str) -> str:
    value = known.get(name) or os.environ.get(variable) or ""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"no {name}: pass {name}=… or set the environment variable {variable}")
    return value.strip()


def _secret(known: Mapping[str, object]) -> Secret:
    given = known.get("api_key")
    if callable(given):
        return Secret(cast("KeyFunction", given))
    return Secret(checked_key(_setting(known, "api_key", "IMAGINE_API_KEY")))


def checked_key(key: object) -> str:
    """Return a key as it is sent; TypeError or ValueError for one that cannot be.

    It is never shown: the message must be fit for a log.
    """
    if not isinstance(key, str):
        raise TypeError(f"api_key must be a str, or a function that gives one, not {type(key).__name__}")
    key = key.strip()
    if not key or not (key.isascii() and key.isprintable()) or " " in key:
        raise ValueError("api_key must be printable ASCII without spaces or line breaks inside, and not empty")
    return key


def checked_headers(name: str, headers: object) -> dict[str, str]:
    """Return headers as a dict; refuse names and values that could break out of their line (RFC 9110 section 5.5)."""
    if not isinstance(headers, Mapping):
        raise TypeError(f"{name} must be a mapping of str to str, not {type(headers).__name__}")
    given = cast("Mapping[object, object]", headers)
    for key, value in given.items():
        if not isinstance(key, str) or not _HEADER_NAME.fullmatch(key):
            raise ValueError(f"{name}: {key!r} is no header name")
        if key.lower() in _FRAMING:
            raise ValueError(f"{name} must not have {key}: it follows from the body that is sent")
        if not isinstance(value, str) or not _is_sendable(value.replace("\t", " ")):
            raise ValueError(f"{name}: the value of {key} must be a str without control characters or lone surrogates")
    return dict(cast("Mapping[str, str]", headers))


def _is_sendable(value: str) -> bool:
    return value.isprintable() or re.search(_UNSENDABLE, value) is None


def at_least(least: int) -> Callable[[str, object], int]:
    """Return the check of an option that is a whole number; TypeError or ValueError names it."""

    def check(name: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"{name} must be an int, not {type(value).__name__}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}")
        return value

    return check


def _timeout(_name: str, value: float | Timeout | None) -> Timeout:
    return Timeout.of(value)


def _verify(name: str, value: object) -> object:
    if not isinstance(value, bool | str | os.PathLike | ssl.SSLContext):
        raise TypeError(f"{name} must be a bool, a path or an ssl.SSLContext, not {type(value).__name__}")
    if not isinstance(value, str | os.PathLike):
        return value
    path = os.fspath(cast("str | os.PathLike[str]", value))
    if not os.path.exists(path):
        raise ValueError(f"{name}: there is no CA file or folder {path!r}")
    return path


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be a bool, not {type(value).__name__}")
    return value


def checked_callback(name: str, value: object) -> object:
    """Return what is called when something happens; TypeError for what cannot be, or would have to be awaited."""
    if not callable(value):
        raise TypeError(f"{name} must be callable, not {type(value).__name__}")
    if _is_async(value):
        raise TypeError(
            f"{name} must not be async: nobody would await it; let a plain function start a task, or put what it is "
            "told into a queue"
        )
    return value


def _is_async(function: object) -> bool:
    while isinstance(function, functools.partial):
        function = cast("functools.partial[object]", function).func
    forms = function, type(function).__call__
    return any(check(form) for check in (inspect.iscoroutinefunction, inspect.isasyncgenfunction) for form in forms)


def _proxy(name: str, value: object) -> str | Literal[False]:
    return False if value is False else checked_proxy(name, value)


def _limits(name: str, value: object) -> tuple[RateLimit, ...]:
    given = tuple(cast("Sequence[object]", value)) if isinstance(value, Sequence) else (value,)
    limits = tuple(limit for limit in given if isinstance(limit, RateLimit))
    if len(limits) < len(given):
        raise TypeError(f"{name} must be a list of RateLimit")
    return limits


def _choice(name: str, value: str) -> str:
    if value not in ("wait", "raise"):
        raise ValueError(f'{name} must be "wait" or "raise", not {value!r}')
    return value


_CHECKS: Mapping[str, Callable[..., object]] = {
    "max_retries": at_least(0),
    "max_concurrent_requests": at_least(1),
    "max_event_bytes": at_least(1),
    "max_response_bytes": at_least(1),
    "timeout": _timeout,
    "retry_budget": positive_seconds,
    "slot_timeout": positive_seconds,
    "default_headers": checked_headers,
    "verify": _verify,
    "proxy": _proxy,
    "debug": _flag,
    "retry_on_timeout": _flag,
    "rate_limits": _limits,
    "on_limit": _choice,
    "on_call": checked_callback,
}
