"""The server in a thread of this process, with what a test wants to see and to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagine.server.app import create_app
from imagine.server.background import Background
from imagine.server.config import ServerConfig, ServerOptions
from imagine.server.paths import BASE_PATH, OPENAI_PATH
from imagine.server.service import SERVICE

if TYPE_CHECKING:
    from typing import Unpack

    from imagine.server.faults import FaultScript
    from imagine.server.recorder import RecordedRequest
    from imagine.server.store import Store

__all__ = ["LocalServer"]

_RECORDED = 1000


class LocalServer(Background):
    """The Imagine server in a thread of this process, on loopback, for tests and for trying things out.

    `with LocalServer(quotas=["5/minute"]) as server:` takes the fields of `ServerConfig` as keywords; clients get
    `server.endpoint` and `server.api_key`. Closing cuts every connection at once. Several may run side by side.

    `server.chat.replies("Hello", "Bye")` scripts what the next chats are answered with; `completions`, `embeddings`,
    `reranker`, `translate`, `transcribe` and `images` take replies, too. The end of the `with` block calls
    `check_replies`.
    """

    def __init__(self, **options: Unpack[ServerOptions]) -> None:
        options.setdefault("requests_kept", _RECORDED)
        self.config = ServerConfig(**options)
        app = create_app(self.config)
        super().__init__(app, self.config.host, self.config.port)
        self._service = app[SERVICE]
        scripts = self._scripts = self._service.scripts
        self.chat = scripts.chat
        self.completions = scripts.completions
        self.embeddings = scripts.embeddings
        self.reranker = scripts.reranker
        self.translate = scripts.translate
        self.transcribe = scripts.transcribe
        self.images = scripts.images

    def check_replies(self) -> None:
        """Raise AssertionError for requests that no reply was scripted for, and for replies that are left over.

        The options `unscripted="answer"` and `left_over="ignore"` allow them.
        """
        self._scripts.check()

    @property
    def openai_base_url(self) -> str:
        """The base URL to give to OpenAI's clients and their like, `http://127.0.0.1:PORT/v1`."""
        return self.endpoint.removesuffix(BASE_PATH) + OPENAI_PATH

    @property
    def api_key(self) -> str:
        """The key that is accepted; the first of several."""
        return self.config.keys[0]

    @property
    def faults(self) -> FaultScript:
        """What goes wrong with the next requests: `faults.script(["status;code=503", None, "cut-stream"])`."""
        return self._service.faults

    @property
    def requests(self) -> list[RecordedRequest]:
        """The newest requests, 1,000 unless `requests_kept` says otherwise, oldest first."""
        return list(self._service.requests)

    @property
    def open_streams(self) -> int:
        """How many streams are being sent now."""
        return self._service.streams.count

    @property
    def store(self) -> Store:
        """Usage and history."""
        return self._service.store

    def __exit__(self, *error: object) -> None:
        self.close()
        if error[0] is None:
            self.check_replies()
