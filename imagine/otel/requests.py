"""What a span tells of a request: the parameters in its body."""

from __future__ import annotations

import msgspec

from imagine.otel import names

__all__ = ["parameters_of"]


class Parameters(msgspec.Struct):
    """Those of a request's body that have an attribute."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None


_decoder = msgspec.json.Decoder(Parameters)
_PLAIN = tuple(name for name in Parameters.__struct_fields__ if name not in ("stop", "stream"))


def parameters_of(content: bytes) -> dict[str, str | bool | int | float | list[str]]:
    """Return the attributes of a body; none where a parameter is of another type, which the service will refuse."""
    try:
        given = _decoder.decode(content)
    except (msgspec.MsgspecError, ValueError):
        return {}
    attributes = {names.REQUEST_PARAMETER.format(name): getattr(given, name) for name in _PLAIN}
    attributes[names.REQUEST_STOP] = [given.stop] if isinstance(given.stop, str) else given.stop
    attributes[names.REQUEST_STREAM] = given.stream or None
    return {name: value for name, value in attributes.items() if value is not None}
