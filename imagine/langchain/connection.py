"""Which service is asked, and with which client: the fields that all objects have."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from threading import Lock
from typing import Any, Literal, Self, TypeVar

from langchain_core.utils import from_env, secret_from_env
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator

from imagine._blocking.loop_thread import loop_thread
from imagine.async_client import ImagineAsyncClient
from imagine.client import ImagineClient
from imagine.limits import Timeout

__all__ = ["STRICT", "Connected", "wait_for"]

T = TypeVar("T")

_OF_CLIENT = frozenset({"endpoint", "api_key", "verify", "proxy", "timeout", "max_retries"})
"""Fields that a client of one's own brings with it."""
_making = Lock()

STRICT = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""A misspelt field is an error; the classes of LangChain, whose settings win over those of `Connected`, ignore it."""


class OwnClient(ImagineAsyncClient):
    """The client of an object that was given none: closed when nobody uses it any more, or when its loop ends."""

    _is_to_be_closed = False


class Connected(BaseModel):
    """The connection of an object of LangChain; nothing is opened before its first call."""

    model_config = STRICT

    endpoint: str | None = Field(default_factory=from_env("IMAGINE_API_ENDPOINT", default=None))
    """Base URL such as `https://host/apis/v2`; default: the variable IMAGINE_API_ENDPOINT."""
    api_key: SecretStr | None = Field(
        default_factory=secret_from_env("IMAGINE_API_KEY", default=None), exclude=True, repr=False
    )
    """The key; default: the variable IMAGINE_API_KEY."""
    verify: bool | str | Path | ssl.SSLContext = True
    """True, a CA file or folder, an `ssl.SSLContext`, or False (unsafe; warns)."""
    proxy: str | Literal[False] | None = Field(default=None, exclude=True, repr=False)
    """URL of a proxy, which may hold a password; False: none, whatever the environment says."""
    timeout: float | Timeout | None = None
    """Seconds, or a `Timeout` with its parts; None: the client's defaults."""
    max_retries: int | None = Field(default=None, ge=0)
    """Attempts after the first; None: the client's default, 3."""
    client: ImagineClient | None = Field(default=None, exclude=True, repr=False)
    """A client to share, with its connections and quotas, in place of the fields above; who made it closes it."""
    async_client: ImagineAsyncClient | None = Field(default=None, exclude=True, repr=False)
    """The same for calls that are awaited; either of the two serves both kinds of calls where the other is None."""

    _own: tuple[dict[str, Any], OwnClient] | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _settle_connection(self) -> Self:
        shared = self.client or self.async_client
        if shared is None:
            return self
        if doubled := sorted(_OF_CLIENT & self.model_fields_set):
            raise ValueError(f"{', '.join(doubled)}: a client that is given brings its own, leave out one of the two")
        self.endpoint, self.api_key = shared.endpoint, None  # the endpoint is part of the keys of caches
        return self

    @property
    def _awaited(self) -> ImagineAsyncClient:
        """The client of calls that are awaited."""
        return self.async_client or _behind(self.client) or self._own_client()

    @property
    def _blocking(self) -> ImagineAsyncClient:
        """The client of calls that block, to be awaited in the loop of `wait_for`."""
        return _behind(self.client) or self.async_client or self._own_client()

    def _own_client(self) -> OwnClient:
        """Return the object's own client: made on first use, and anew once a field says otherwise."""
        options = {name: getattr(self, name) for name in _OF_CLIENT}
        options["api_key"] = self.api_key.get_secret_value() if self.api_key else None
        with _making:
            if self._own is None or self._own[0] != options:
                self._own = options, OwnClient(**options)
            return self._own[1]


def _behind(client: ImagineClient | None) -> ImagineAsyncClient | None:
    return client._async if client else None  # pyright: ignore[reportPrivateUsage] - it serves any loop


def wait_for(function: Callable[[], Awaitable[T]]) -> T:
    """Await a function in the loop of all calls that block, and return or raise what comes of it."""
    return loop_thread().call(function)
