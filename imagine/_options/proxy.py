"""Which proxy a client uses, found once when it is made; no proxy looks at the environment per request."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network, IPv6Network

__all__ = ["checked_proxy", "proxy_for"]

_SOCKS = r"(?i)socks(4a?|5h?)?(?=://)"
_UNPRINTABLE = r"[\x00-\x20\x7f]"


def checked_proxy(name: str, proxy: object) -> str:
    """Return the URL of a proxy, with the scheme that many leave out.

    Raises ValueError for one that is not http:// or https://, or has no usable host and port; nothing of it is shown
    but that it is SOCKS, since any part of a URL that is wrong may be its password.
    """
    if not isinstance(proxy, str):
        raise TypeError(f"{name} must be a URL, or False for none, not {type(proxy).__name__}")
    url = proxy if "://" in proxy else f"http://{proxy}"
    if socks := re.match(_SOCKS, url):
        raise ValueError(
            f"{name} is {socks[0].lower()}://, which is not spoken here: give an http:// or https:// one, or none with "
            "proxy=False; NO_PROXY names hosts that the environment's is not for"
        )
    if not _is_usable(url):
        raise ValueError(
            f"{name} must be an http:// or https:// URL with a host and a port up to 65535, or False for none; "
            "what is special in its password is quoted, as %2F for a slash"
        )
    return url


def _is_usable(url: str) -> bool:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:  # a port that is none, or half an IPv6 address
        return False
    # An @ that comes later was to end the password, and so a slash in that ended the host.
    return bool(usable) and "@" not in url.partition(parts.netloc)[2] and re.search(_UNPRINTABLE, url) is None


def proxy_for(endpoint: str, proxy: str | Literal[False] | None) -> str | None:
    """Return the proxy for an endpoint, or None.

    The option goes first, then IMAGINE_API_PROXY, then HTTP(S)_PROXY unless NO_PROXY names the host, or its network.
    Raises ValueError for one that `checked_proxy` refuses.
    """
    if proxy is False:
        return None
    found = proxy or os.environ.get("IMAGINE_API_PROXY") or _from_environment(endpoint)
    return checked_proxy("the environment's proxy", found) if found else None


def _from_environment(endpoint: str) -> str | None:
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # 20 ms, rarely needed

    parts = urlsplit(endpoint)
    proxies = getproxies()
    if proxy_bypass(parts.netloc) or _is_in_network(parts.hostname or "", proxies.get("no", "")):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _is_in_network(host: str, no_proxy: str) -> bool:
    """Tell whether a host is an address that NO_PROXY names, in any notation or by a network such as 127.0.0.0/8."""
    from ipaddress import ip_address

    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in _networks(no_proxy))


def _networks(no_proxy: str) -> Iterator[IPv4Network | IPv6Network]:
    from ipaddress import ip_network

    for entry in no_proxy.split(","):
        with suppress(ValueError):  # a name
            yield ip_network(entry.strip().strip("[]"), strict=False)
