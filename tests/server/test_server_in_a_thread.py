"""The server in a thread: starting, looking into it, stopping; and the application under another runner."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import socket
import threading
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientConnectionError, ClientPayloadError, ClientSession, TCPConnector
from aiohttp.test_utils import TestClient, TestServer
from support.raw_http import CHAT_STREAM, EMBEDDING, post, read_event, until

from imagine.server import LocalServer, ServerConfig, ServerOptions, create_app

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["http_session"]
pytestmark = pytest.mark.anyio


def test_options_are_the_fields_of_the_config() -> None:
    """What `LocalServer` takes as keywords is what `ServerConfig` has, in the same order and of the same types."""
    fields = {field.name: field.type for field in dataclasses.fields(ServerConfig)}
    options = {name: kind.__forward_arg__ for name, kind in ServerOptions.__annotations__.items()}
    assert options == fields


def test_servers_run_side_by_side() -> None:
    """Each has its own port, key and state."""
    with LocalServer() as one, LocalServer() as other:
        assert one.port != other.port
        assert one.api_key != other.api_key
        assert one.endpoint == f"http://127.0.0.1:{one.port}/apis/v2"


def test_a_server_is_used_once() -> None:
    """Closing twice is fine, starting again is not; the endpoint exists once started, and is known after the end."""
    server = LocalServer()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = server.endpoint
    with server:
        pass
    server.close()
    assert server.open_connections == 0
    assert server.endpoint.endswith(f":{server.port}/apis/v2")
    with pytest.raises(RuntimeError, match="already been started"):
        server.start()


def test_a_port_that_is_taken_is_an_error() -> None:
    """Starting fails with the reason, in the thread that asked for it."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="address already in use"):
        LocalServer(port=taken.getsockname()[1]).start()


def test_a_database_that_cannot_be_used_is_an_error(tmp_path: Path) -> None:
    """Starting fails with an error that names the file."""
    (tmp_path / "no.db").write_text("This is not a database, although it has the minimum length of one." * 9)
    with pytest.raises(OSError, match=r"no\.db.*not a database"):
        LocalServer(database=str(tmp_path / "no.db")).start()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": "0.0.0.0"}, "other machines"),
        ({"host": "example.org"}, "other machines"),
        ({"api_key": ""}, "API key"),
        ({"api_key": ()}, "API key"),
        ({"quotas": ["many"]}, "Not a quota"),
        ({"quota_headers": ["x-limit"]}, "known: retry-after"),
        ({"tokens_per_second": 0}, "above 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(options: ServerOptions, message: str) -> None:
    """A bad setting is a ValueError that says what is wrong."""
    with pytest.raises(ValueError, match=message):
        ServerConfig(**options)


@pytest.mark.parametrize("options", [{"host": "127.0.0.2"}, {"host": "localhost"}, {"host": "::1"}])
def test_loopback_hosts_need_no_permission(options: ServerOptions) -> None:
    """Addresses that no other machine can reach are fine."""
    assert ServerConfig(**options).host == options.get("host")


def test_an_open_host_is_reported_as_an_address_to_connect_to() -> None:
    """Listening on every address, allowed expressly, gives an endpoint on loopback."""
    with LocalServer(host="0.0.0.0", unsafe_bind=True) as server:
        assert server.endpoint == f"http://127.0.0.1:{server.port}/apis/v2"


def test_the_key_is_not_shown() -> None:
    """A config's repr has no key in it."""
    assert "secret" not in repr(ServerConfig(api_key="secret"))


async def test_requests_are_recorded(session: ClientSession, server: LocalServer) -> None:
    """Method, path, query, headers without the key, body, JSON and the peer are there to look at."""
    async with session.get("models", params={"model_type": "llm"}):
        pass
    await post(session, "embeddings", EMBEDDING)
    first, second = server.requests
    assert (first.method, first.path, first.query) == ("GET", "/apis/v2/models", {"model_type": "llm"})
    assert (first.body, first.json) == (b"", None)
    assert second.json == EMBEDDING
    assert second.headers["content-type"] == "application/json"
    assert second.headers["authorization"] == "Bearer ***"
    assert server.api_key not in repr(server.requests)
    assert (first.connection, first.peer) == (second.connection, second.peer)
    assert first.time <= second.time


async def test_keys_are_not_recorded_in_any_spelling(server: LocalServer, anyio_backend: str) -> None:
    """A key without its scheme, or for a proxy, is left out too."""
    headers = {"Authorization": server.api_key, "Proxy-Authorization": f"Basic {server.api_key}"}
    async with ClientSession(headers=headers) as session, session.get(f"{server.endpoint}/ping"):
        pass
    assert server.requests[0].headers["authorization"] == "***"
    assert server.requests[0].headers["proxy-authorization"] == "Basic ***"


async def test_connections_are_told_apart_and_counted(server: LocalServer, anyio_backend: str) -> None:
    """Requests over one socket share a number; sockets are counted while they are open."""
    headers = {"Authorization": f"Bearer {server.api_key}"}
    async with ClientSession(headers=headers, connector=TCPConnector(force_close=True)) as closing:
        await post(closing, f"{server.endpoint}/embeddings", EMBEDDING)
        await post(closing, f"{server.endpoint}/embeddings", EMBEDDING)
    async with ClientSession(headers=headers) as keeping:
        await post(keeping, f"{server.endpoint}/embeddings", EMBEDDING)
        await until(lambda: server.open_connections == 1)
    await until(lambda: server.open_connections == 0)
    assert [request.connection for request in server.requests] == [1, 2, 3]


@pytest.mark.parametrize("fault", ["", "heartbeats-only", "stall", "silent", "hold-after-done"])
async def test_closing_cuts_open_streams_at_once(anyio_backend: str, fault: str) -> None:
    """A server closes within a second whatever it is doing, and its clients notice."""
    with LocalServer(tokens_per_second=5) as server:
        headers = {"Authorization": f"Bearer {server.api_key}", "X-Imagine-Fault": fault}
        async with ClientSession(headers=headers) as session:

            async def read_all() -> None:
                async with session.post(f"{server.endpoint}/chat/completions", json=CHAT_STREAM) as answer:
                    await answer.read()

            reading = asyncio.create_task(read_all())
            await until(lambda: len(server.requests) == 1)
            async with asyncio.timeout(1):
                await asyncio.to_thread(server.close)
            with pytest.raises((ClientConnectionError, ClientPayloadError)):
                await reading
    assert (server.open_connections, server.open_streams) == (0, 0)


async def test_an_upload_that_breaks_off_leaves_nothing_behind(server: LocalServer) -> None:
    """A client that leaves in the middle of its body is not an error, and its connection is forgotten."""
    head = f"POST /apis/v2/embeddings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.api_key}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"{head}Content-Length: 1000\r\n\r\nonly this".encode())
    await until(lambda: len(server.requests) == 1)
    writer.close()
    await until(lambda: server.open_connections == 0)
    assert await reader.read() == b""


async def test_a_client_that_stops_reading_and_goes_ends_its_stream(server: LocalServer) -> None:
    """A reset ends a stream whose socket is full."""
    body = b'{"model":"Llama-3.1-8B","prompt":"Once","max_tokens":100000000,"ignore_eos":true,"stream":true}'
    head = f"POST /apis/v2/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.api_key}\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1024)
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await reader.readuntil(b"\n\n")
    assert server.open_streams == 1
    writer.transport.abort()
    await until(lambda: server.open_streams == 0 and server.open_connections == 0)


async def test_the_application_runs_under_any_runner(anyio_backend: str) -> None:
    """`create_app` makes a plain aiohttp application."""
    headers = {"Authorization": "Bearer key"}
    async with TestClient(TestServer(create_app(ServerConfig(api_key="key")))) as client:
        async with client.get("/apis/v2/ping", headers=headers) as answer:
            assert await answer.json() == {"message": "pong", "status": "ok"}
        async with client.post("/apis/v2/chat/completions", headers=headers, json=CHAT_STREAM) as answer:
            assert (await read_event(answer)).startswith(b"data: {")


def knock(port: int, ended: threading.Event) -> None:
    """Connect and leave, over and over."""
    while not ended.is_set():
        with socket.socket() as caller, suppress(OSError):
            caller.connect(("127.0.0.1", port))


def test_no_connection_is_left_of_those_that_come_while_it_closes() -> None:
    """A server that is closed in the moment in which clients connect leaves no open socket behind."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(10):
            server, ended = LocalServer().start(), threading.Event()
            callers = [threading.Thread(target=knock, args=(server.port, ended)) for _ in range(3)]
            for caller in callers:
                caller.start()
            server.close()
            ended.set()
            for caller in callers:
                caller.join()
        gc.collect()
    assert [str(one.message) for one in told if one.category is ResourceWarning] == []
