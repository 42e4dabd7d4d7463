"""What the three classes stand on: how the service is reached, by clients that are made on first use or shared."""

from __future__ import annotations

import threading
from typing import Any, Literal, Self, TypeVar

from llama_index.core.bridge.pydantic import ConfigDict, Field, PrivateAttr, SecretStr, model_validator
from llama_index.core.schema import BaseComponent

from imagine.async_client import ImagineAsyncClient
from imagine.client import ImagineClient

__all__ = ["Connected"]

C = TypeVar("C", ImagineClient, ImagineAsyncClient)

_CONNECTION = ("endpoint", "api_key", "verify", "proxy", "timeout", "max_retries")
_NEVER_WRITTEN = ("api_key", "proxy", "client", "async_client")
"""What stays out of dumps and pickles: secrets, a proxy's password among them, and connections."""
_making = threading.Lock()


class Connected(BaseComponent):
    """The connection fields; None leaves each to the client, which reads the environment."""

    # Errors of pydantic would show a key under a name that is spelled wrong.
    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid", hide_input_in_errors=True)

    endpoint: str | None = Field(default=None, description="Base URL; default: IMAGINE_API_ENDPOINT.")
    api_key: SecretStr | None = Field(
        default=None, exclude=True, repr=False, description="The key; default: IMAGINE_API_KEY."
    )
    verify: bool | str | None = Field(default=None, description="True, a CA file or folder, or False (unsafe).")
    proxy: SecretStr | Literal[False] | None = Field(
        default=None, exclude=True, repr=False, description="URL of a proxy, or False for none at all."
    )
    timeout: float | None = Field(default=None, description="Seconds; for its parts, give a client.")
    max_retries: int | None = Field(default=None, description="Attempts after the first.")
    client: ImagineClient | None = Field(
        default=None, exclude=True, repr=False, description="A client to share, for what blocks."
    )
    async_client: ImagineAsyncClient | None = Field(
        default=None, exclude=True, repr=False, description="A client to share, for what is awaited."
    )

    _made: dict[type, tuple[dict[str, Any], Any]] = PrivateAttr(default_factory=dict[type, tuple[dict[str, Any], Any]])
    """The clients of its own, each with the options that it was made with."""

    @model_validator(mode="after")
    def _check_connection(self) -> Self:
        given = [name for name in _CONNECTION if getattr(self, name) is not None]
        if given and self.client is not None and self.async_client is not None:
            raise ValueError(f"{', '.join(given)}: no use beside client= and async_client=, which have their own")
        return self

    def close(self) -> None:
        """Close the blocking client, unless it was given; a later call makes a new one."""
        if (made := self._made.pop(ImagineClient, None)) is not None:
            made[1].close()

    async def aclose(self) -> None:
        """Close the async client, unless it was given; a later call makes a new one."""
        if (made := self._made.pop(ImagineAsyncClient, None)) is not None:
            await made[1].close()

    @property
    def _blocking(self) -> ImagineClient:
        return self.client or self._own(ImagineClient)

    @property
    def _awaited(self) -> ImagineAsyncClient:
        return self.async_client or self._own(ImagineAsyncClient)

    def _own(self, kind: type[C]) -> C:
        """Return the client made for these options; a copy with others, as of `model_copy`, makes its own."""
        options = {name: _plain(getattr(self, name)) for name in _CONNECTION}
        with _making:
            if kind not in self._made or self._made[kind][0] != options:
                client = kind(**{name: value for name, value in options.items() if value is not None})
                self._made = {**self._made, kind: (options, client)}
            own: C = self._made[kind][1]
            return own

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        memo = {} if memo is None else memo
        memo[id(self._made)] = {}
        for shared in (self.client, self.async_client):
            memo[id(shared)] = shared
        return super().__deepcopy__(memo)

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        fields = {name: value for name, value in state["__dict__"].items() if name not in _NEVER_WRITTEN}
        return {**state, "__dict__": fields, "__pydantic_private__": {"_made": {}}}


def _plain(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
