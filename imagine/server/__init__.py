"""A local Imagine server: the whole API on loopback, with small deterministic engines and faults on demand.

`python -m imagine.server` runs it as a process, `LocalServer` in a thread, `create_app` under any aiohttp runner.
"""

from __future__ import annotations

from imagine.server.app import create_app
from imagine.server.config import MODELS, Engines, ServerConfig, ServerOptions
from imagine.server.faults import FaultScript, Raw
from imagine.server.local import LocalServer
from imagine.server.quotas import Quota
from imagine.server.recorder import RecordedRequest
from imagine.server.replies import Reply
from imagine.server.store import Store

__all__ = [
    "MODELS",
    "Engines",
    "FaultScript",
    "LocalServer",
    "Quota",
    "Raw",
    "RecordedRequest",
    "Reply",
    "ServerConfig",
    "ServerOptions",
    "Store",
    "create_app",
]
