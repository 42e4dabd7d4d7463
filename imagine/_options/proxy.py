"""Which proxy a client uses, found once when it is made; no proxy looks at the environment per request."""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["checked_proxy", "proxy_for"]


def checked_proxy(name: str, proxy: object) -> str:
    """Return the URL of a proxy, with the scheme that many leave out.

    Raises ValueError for one that is not http:// or https://; the message does not show its password.
    """
    if not isinstance(proxy, str):
        raise TypeError(f"{name} must be a URL, or False for none, not {type(proxy).__name__}")
    url = proxy if "://" in proxy else f"http://{proxy}"
    scheme = url.partition(":")[0].lower()
    if scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError(f"{name} must be an http:// or https:// URL with a host, or False for none, not {scheme}://…")
    return url


def proxy_for(endpoint: str, proxy: str | Literal[False] | None) -> str | None:
    """Return the proxy for an endpoint, or None.

    The option goes first, then IMAGINE_API_PROXY, then HTTP(S)_PROXY unless NO_PROXY names the host.
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
    if proxy_bypass(parts.netloc):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")
