"""What the blocking client stands on: its options, its end, and the three ways in which its methods pass calls on."""

from __future__ import annotations

import copy
import ssl
from collections.abc import Awaitable, Callable
from os import PathLike
from types import TracebackType
from typing import Literal, Self, TypeVar, Unpack

from imagine._blocking import loop_thread
from imagine._http.sessions import CLOSE_SECONDS
from imagine._options.client import ExtraOptions, Options
from imagine._options.keywords import lists_keywords
from imagine._warn import warn
from imagine.async_client import ImagineAsyncClient
from imagine.limits import Timeout

__all__ = ["BlockingClient"]

T = TypeVar("T")
A = TypeVar("A")
L = TypeVar("L")


class AsyncCore(ImagineAsyncClient):
    """The async client as it works behind a blocking one: what may block is done in the calling thread, which waits."""

    _blocks = True

    def __repr__(self) -> str:
        return f"ImagineClient({self._options!r})"

    @property
    def options(self) -> Options:
        """The checked options."""
        return self._options

    def check_open(self) -> None:
        """Raise ImagineException after the end."""
        self._check_open()

    def prepare(self) -> None:
        """Import aiohttp and build TLS before the first call."""
        self._check_open()
        if self._transport is None:
            self._transport = self._make_transport()

    def mark_closed(self) -> None:
        """Take no calls any more."""
        self._closed = True


class BlockingClient:
    """The hand-written part of `ImagineClient`."""

    @lists_keywords
    def __init__(
        self,
        endpoint: str | None = None,
        api_key: str | Callable[[], str | Awaitable[str]] | None = None,
        max_retries: int | None = 3,
        timeout: float | Timeout | None = None,
        verify: bool | str | PathLike[str] | ssl.SSLContext | None = True,
        proxy: str | Literal[False] | None = None,
        debug: bool | None = None,
        ctx: object = None,
        *,
        max_concurrent_requests: int | None = 64,
        **options: Unpack[ExtraOptions],
    ) -> None:
        """Check the options; nothing is connected yet, and no thread started.

        Args:
            endpoint: Base URL such as `https://host/apis/v2`; default: the variable IMAGINE_API_ENDPOINT.
            api_key: The key; default: the variable IMAGINE_API_KEY. A function, which may be async, is asked for it
                before each attempt, and once more after a 401, with which the call is sent again; what it raises is the
                cause of an ImagineException. It does its own caching, and runs in a thread unless it is async.
            max_retries: Attempts after the first, 3 by default; 0 turns all retries off.
            timeout: Seconds, or a `Timeout` with its parts.
            verify: True, a CA file or folder, an `ssl.SSLContext`, or False (unsafe; warns).
            proxy: URL of a proxy; default: IMAGINE_API_PROXY, then HTTP(S)_PROXY and NO_PROXY. False: none at all.
            debug: Show the log, bodies included, without the key; default: the variable IMAGINE_DEBUG, else off.
            ctx: Has no effect; taken so that older programs keep working.
            max_concurrent_requests: Requests and open streams at once, over all threads; 64 by default.
            options: The options of `ExtraOptions`.

        Raises:
            ValueError: No endpoint or key, or a value that cannot be used; the message names the option.
            TypeError: A value of the wrong type, or an unknown option.
        """
        if ctx is not None:
            warn("ctx= has no effect any more: leave it out", DeprecationWarning)
        self._async = AsyncCore(
            endpoint, api_key, max_retries, timeout, verify, max_concurrent_requests, proxy, debug, **options
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._async.options!r})"

    def __copy__(self) -> Self:
        return self._derived(copy.copy(self._async))

    def close(self) -> None:
        """Close the connections; open streams break off. A second time does nothing.

        It waits for the thread that serves all calls, but at most 2 s where that is stuck, as in a callback.
        """
        self._async.mark_closed()
        loop_thread.call_within(CLOSE_SECONDS, self._async.close)

    def __enter__(self) -> Self:
        self._async.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _call(self, function: Callable[[], Awaitable[T]]) -> T:
        self._async.prepare()
        return loop_thread.loop_thread().call(function)

    def _live(self, twin: Callable[[A], L], live: A) -> L:
        self._async.prepare()
        return twin(live)

    def _derived(self, core: AsyncCore) -> Self:
        client = object.__new__(type(self))
        client._async = core
        return client
