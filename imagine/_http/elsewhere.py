"""Files at addresses that answers hold: on the endpoint's own origin with the key, on any other without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from yarl import URL

from imagine._http.transport import FILE, Transport
from imagine._pacing.lanes import LaneKey
from imagine._redaction.sources import secrets_of_query

if TYPE_CHECKING:
    from imagine._http.call import Call
    from imagine._http.keys import KeySource
    from imagine._options.call import CallOptions
    from imagine._pacing.slots import SlotQueue

__all__ = ["begin_download"]


class Elsewhere(Transport):
    """The way to another origin: with a proxy and TLS for that one, and with neither the key nor any of its headers."""

    def _authorized(self) -> tuple[dict[str, str], KeySource | None]:
        own, _ = super()._authorized()  # which keeps the key out of what is shown, wherever it came from
        own.pop("Authorization", None)
        return own, None


def begin_download(home: Transport, address: str, slots: SlotQueue, overrides: CallOptions) -> tuple[Transport, Call]:
    """Begin a call that gets a file, which waits for `slots` where it is not of the endpoint's origin.

    Raises ValueError for an address that is none, or that would be read in clear though the endpoint is not.
    """
    endpoint = URL(home.options.endpoint)
    url = _url_of(f"{endpoint.scheme}:{address}" if address.startswith("//") else address)
    if endpoint.scheme == "https" != url.scheme:
        raise ValueError(
            f"image.url leads to {url.origin()}, and the endpoint is https://: it could be changed on its way; "
            "where the same file is there by https://, change image.url"
        )
    transport = home
    if url.origin() != endpoint.origin():
        options = msgspec.structs.replace(home.options, endpoint=str(url.origin()), default_headers={})
        transport = Elsewhere(options, home.pool, slots)
    shown = f"{url.origin()}{url.raw_path}"
    call = transport.call("GET", shown, {}, None, overrides, LaneKey(f"GET {url.origin()}"), FILE, url)
    call.record.redaction = call.redaction.also(secrets_of_query(url.raw_query_string))
    return transport, call


def _url_of(address: str) -> URL:
    """Return an address as it is sent; one that is quoted already stays as it is, for its query may be signed."""
    is_quoted = address.isascii() and address.isprintable() and " " not in address
    try:
        url = URL(address, encoded=is_quoted).with_user(None).with_fragment(None)
        usable = url.scheme in ("http", "https") and url.raw_host
    except ValueError as error:
        raise ValueError(f"image.url is no address: {error}") from error
    if not usable:
        raise ValueError(f"image.url is an address of {url.scheme!r}, and not of http or https")
    return url
