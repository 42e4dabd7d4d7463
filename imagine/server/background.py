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

__all__ = ["Background", "serving"]


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
        return self._running.served.endpoint

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._running.served.address[1]

    @property
    def open_connections(self) -> int:
        """How many connections of clients are open now."""
        return len(self._running.served.server.connections)

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
        async with serving(self._app, *self._address) as served:
            running = _Running(asyncio.get_running_loop(), asyncio.Event(), served)
            self._started.set_result(running)
            await running.stop.wait()


class Served(NamedTuple):
    """An application that is being served."""

    server: web.Server
    address: tuple[str, int]

    @property
    def endpoint(self) -> str:
        """The endpoint to give to clients."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.address[0], self.address[0])
        return f"http://{f'[{host}]' if ':' in host else host}:{self.address[1]}{BASE_PATH}"


class _Running(NamedTuple):
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    served: Served


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncGenerator[Served]:
    """Accept connections within the context; at its end they are cut at once, streams included."""
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    server = runner.server
    assert server is not None
    try:
        listener = await asyncio.get_running_loop().create_server(server, host, port)
        try:
            yield Served(server, listener.sockets[0].getsockname()[:2])
        finally:
            await _stop_listening(listener)
    finally:
        _cut_connections(server)
        await runner.cleanup()


async def _stop_listening(listener: asyncio.Server) -> None:
    """Accept nobody any more, and wait for those just accepted: a listener that is closed first loses their sockets."""
    for listening in listener.sockets:
        asyncio.get_running_loop().remove_reader(listening)
    for _ in range(3):  # a task begins, makes a transport, and tells the server of it
        await asyncio.sleep(0)
    listener.close()


def _cut_connections(server: web.Server) -> None:
    for connection in server.connections:
        if connection.transport is not None:
            connection.transport.abort()
