"""Which proxy a client uses, found once when it is made; no proxy looks at the environment per request."""

from __future__ import annotations

import os
from typing import Literal
from urllib.parse import urlsplit

__all__ = ["proxy_for"]


def proxy_for(endpoint: str, proxy: str | Literal[False] | None) -> str | None:
    """Return the proxy for an endpoint, or None.

    The option goes first, then IMAGINE_API_PROXY, then HTTP(S)_PROXY unless NO_PROXY names the host.
    Raises ValueError for a proxy that is not http:// or https://; the message does not show its password.
    """
    if proxy is False:
        return None
    found = proxy or os.environ.get("IMAGINE_API_PROXY") or _from_environment(endpoint)
    if found and urlsplit(found).scheme not in ("http", "https"):
        raise ValueError(f"a proxy must be an http:// or https:// URL, not {urlsplit(found).scheme or 'without'}://…")
    return found or None


def _from_environment(endpoint: str) -> str | None:
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import getproxies, proxy_bypass  # 20 ms, rarely needed

    parts = urlsplit(endpoint)
    proxies = getproxies()
    if proxy_bypass(parts.netloc):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")
