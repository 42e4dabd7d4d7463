"""Where faults are played: the local server with its faults by name, and sockets that do what no server does."""

from __future__ import annotations

import functools
import socket
import ssl
import warnings
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import trustme
from support import listeners
from support.clients import in_thread

from faults.outcome import KEY, good_answer
from imagine.server import LocalServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

YESTERDAY = datetime.now(UTC) - timedelta(days=1)
LONG_AGO = YESTERDAY - timedelta(days=1)


class Place(NamedTuple):
    """Where a row is played."""

    options: Mapping[str, object]
    """What a client needs to get there."""
    sends: Callable[[], int] = int
    """Tells how many requests have arrived, also after the place is closed; none where nobody listens."""


@asynccontextmanager
async def service(*faults, **options):
    """The local server, with these options, whose next requests get these faults."""
    server = LocalServer(api_key=KEY, **options)
    await in_thread(server.start)
    try:
        server.faults.script(faults)
        yield Place({"endpoint": server.endpoint, "api_key": KEY}, lambda: len(server.requests))
    finally:
        await in_thread(server.close)


def faulty(*faults, **options):
    """A service with these faults."""
    return functools.partial(service, *faults, **options)


def at(endpoint, **options):
    """An address at which nobody answers."""

    @asynccontextmanager
    async def place():
        yield Place({"endpoint": endpoint, "api_key": KEY, **options})

    return place


def free_port():
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def refusing():
    """A port on which nobody listens, chosen when it is needed."""
    return at(f"http://127.0.0.1:{free_port()}")()


def behind_dead_proxy():
    """A proxy's port on which nobody listens."""
    return at("http://127.0.0.1:1", proxy=f"http://me:secret@127.0.0.1:{free_port()}")()


def deaf(scheme="http", queue=8):
    """A port that accepts nothing: connections are queued and never answered, beyond the queue they do not come about.

    The kernel queues one connection more than it is told.
    """

    @asynccontextmanager
    async def place():
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            listener.bind(("127.0.0.1", 0))
            listener.listen(queue)
            address, port = listener.getsockname()
            with _connecting(address, port, count=0 if queue else 3):
                yield Place({"endpoint": f"{scheme}://{address}:{port}", "api_key": KEY})

    return place


@contextmanager
def _connecting(*address, count):
    """Fill the queue of a port."""
    fillers = [socket.socket() for _ in range(count)]
    for filler in fillers:
        filler.setblocking(False)
        filler.connect_ex(address)
    yield
    for filler in fillers:
        filler.close()


def secure(host="127.0.0.1", *, trusted=True, self_signed=False, old=False, **validity):
    """A service behind TLS, with a certificate of a private authority which the client trusts unless told otherwise."""

    @asynccontextmanager
    async def place():
        authority = trustme.CA()
        certificate = authority if self_signed else authority.issue_cert(host, **validity)
        tls = _old(_server_side(certificate)) if old else _server_side(certificate)
        with authority.cert_pem.tempfile() as ca_file:
            async with listeners.listening(listeners.answer(good_answer()), tls=tls) as listener:
                options = {"endpoint": f"https://127.0.0.1:{listener.port}", "api_key": KEY}
                yield Place(options | ({"verify": ca_file} if trusted else {}), lambda: len(listener.requests))

    return place


def _server_side(certificate):
    pem = certificate.cert_pem if isinstance(certificate, trustme.CA) else certificate.cert_chain_pems[0]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with trustme.Blob(certificate.private_key_pem.bytes() + pem.bytes()).tempfile() as path:
        context.load_cert_chain(path)
    return context


def _old(context):
    """Let a server know no TLS beyond 1.1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def behind_proxy(refusal, scheme="http"):
    """A proxy that answers every request with this refusal."""

    @asynccontextmanager
    async def place():
        async with listeners.proxying(refusal) as proxy:
            address = f"http://me:secret@127.0.0.1:{proxy.port}"
            options = {"endpoint": f"{scheme}://127.0.0.1:1", "api_key": KEY, "proxy": address}
            yield Place(options, lambda: len(proxy.requests))

    return place
