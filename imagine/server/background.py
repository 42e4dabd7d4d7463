"""An application that serves in a thread of this process, and how any application is started and stopped."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from imagine.server.paths import BASE_PATH

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import Self

__all__ = ["Background", "endpoint_of", "serving"]


class Background:
    """Serves an application in a thread; closing cuts every connection at once."""

    def __init__(self, app: web.Application, host: str, port: int) -> None:
        self._app = app
        self._address = host, port
        self._thread: threading.Thread | None = None
        self._started: Future[_Running] = Future()

    def start(self) -> Self:
        """Start serving; returns once connections are accepted.

        OSError if the address is not available or the database cannot be used.
        """
        if self._thread is not None:
            raise RuntimeError(f"This {type(self).__name__} has already been started; make a new one")
        self._thread = threading.Thread(target=self._run, name="imagine-server", daemon=True)
        self._thread.start()
        self._started.result()
        return self

    def close(self) -> None:
        """Cut all connections and stop; a second call does nothing."""
        if self._thread is not None and self._thread.is_alive():
            running = self._running
            with suppress(RuntimeError):  # another thread has closed the loop meanwhile
                running.loop.call_soon_threadsafe(running.stop.set)
            self._thread.join()

    @property
    def endpoint(self) -> str:
        """The endpoint to give to clients, like `http://127.0.0.1:PORT/apis/v2`."""
        return self._running.endpoint

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._running.port

    @property
    def open_connections(self) -> int:
        """How many connections of clients are open now."""
        server = self._running.runner.server
        return len(server.connections) if server else 0

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _running(self) -> _Running:
        if self._thread is None:
            raise RuntimeError(
                f"It has not been started; write `with {type(self).__name__}(…) as server:`, or call start()"
            )
        return self._started.result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)  # raised by start()

    async def _serve(self) -> None:
        async with serving(self._app, *self._address) as runner:
            running = _Running(
                asyncio.get_running_loop(), asyncio.Event(), runner, endpoint_of(runner), runner.addresses[0][1]
            )
            self._started.set_result(running)
            await running.stop.wait()


class _Running(NamedTuple):
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    runner: web.AppRunner
    endpoint: str
    port: int


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncGenerator[web.AppRunner]:
    """Accept connections within the context; at its end they are cut at once, streams included."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner
    finally:
        for site in runner.sites:
            await site.stop()
        _cut_connections(runner)
        await runner.cleanup()


def endpoint_of(runner: web.AppRunner) -> str:
    """Return the endpoint of a running server."""
    address: tuple[str, int] = runner.addresses[0][:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address[0], address[0])
    return f"http://{f'[{host}]' if ':' in host else host}:{address[1]}{BASE_PATH}"


def _cut_connections(runner: web.AppRunner) -> None:
    for connection in runner.server.connections if runner.server else ():
        if connection.transport is not None:
            connection.transport.abort()
