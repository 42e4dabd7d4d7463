"""The one form of an endpoint, and the hosts that go past the environment's proxy."""

from __future__ import annotations

import pytest
from support.listeners import listening, proxying

import imagine
from imagine._options.proxy import proxy_for

pytestmark = pytest.mark.anyio

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "imagine_api_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    """None of the variables that name proxies."""
    for name in (*PROXY_VARIABLES, *map(str.upper, PROXY_VARIABLES)):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def kind(face):
    """The class of the client."""
    return imagine.ImagineAsyncClient if face == "async" else imagine.ImagineClient


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://bücher.example/v2", "http://xn--bcher-kva.example/v2"),
        ("http://xn--fa-hia.example", "http://xn--fa-hia.example"),
        ("http://" + "x" * 63 + ".com", "http://" + "x" * 63 + ".com"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("HTTP://H.Example:/v2/", "http://h.example/v2"),
        ("http://h_x.example:8080//v2", "http://h_x.example:8080//v2"),
        ("http://[::1]:99/v2", "http://[::1]:99/v2"),
        ("http://h/ä/a%20b", "http://h/%C3%A4/a%20b"),
        ('http://h/{x}|<>"\\', "http://h/%7Bx%7D%7C%3C%3E%22%5C"),
        ("http://h/100%/v2;x=1", "http://h/100%25/v2;x=1"),
    ],
)
def test_an_endpoint_has_one_form(kind, given, used):
    """A host beyond ASCII is sent by IDNA, a path is quoted once; `endpoint` shows what is used."""
    assert kind(given, "k").endpoint == used


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://good.example\\.evil.example/v2",
        "http://good.example%2eevil.example/v2",
        "http://.example/v2",
        "http://a..b/v2",
        "http://" + "x" * 70 + "ü/v2",
        "http://" + "x" * 64 + ".com/v2",
        "http://" + "x." * 127 + "com/v2",
        "http://xn--/v2",
        "http://xn--a/v2",
        "http://h/v2/../admin",
        "http://h/v2/%2E%2e/admin",
        "http://h/./v2",
        "http://h:0/v2",
        "http://h/\ud800",
    ],
)
def test_an_endpoint_that_could_be_misread_is_refused(kind, endpoint):
    """A host that is no name, dots for folders, port 0: refused when the client is made."""
    with pytest.raises(ValueError, match="endpoint"):
        kind(endpoint, "k")


async def test_a_host_is_sent_as_it_is_resolved(make_client):
    """Behind a proxy, too, the request line and `Host` have the ASCII form, and the quoted path."""
    async with proxying(b"HTTP/1.1 502 X\r\nContent-Length: 0\r\n\r\n") as proxy:
        client = await make_client(
            endpoint="http://bücher.example/ä", proxy=f"http://127.0.0.1:{proxy.port}", max_retries=0
        )
        with pytest.raises(imagine.ImagineException):
            await client.ping()
    [request] = proxy.requests
    assert request.target == "http://xn--bcher-kva.example/%C3%A4/ping"
    assert request.headers["host"] == "xn--bcher-kva.example"


async def test_a_network_of_no_proxy_is_gone_to_directly(make_client, monkeypatch):
    """An address within a network that NO_PROXY names needs no proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.0/8,::1")
    async with listening() as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        assert (await client.ping()).message == "pong"


@pytest.mark.parametrize(
    ("no_proxy", "host", "is_direct"),
    [
        ("10.0.0.0/8, 192.168.0.0/16", "192.168.7.7", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.1.2.3/8", "10.9.9.9", True),
        ("fd00::/8", "[fd00::1]:8080", True),
        ("::1", "[::1]", True),
        ("[::1]", "[0:0:0:0:0:0:0:1]:99", True),
        ("fd00::/8", "[fe80::1]", False),
        ("0.0.0.0/0", "[::1]", False),
        ("10.0.0.0/33,example.org", "10.0.0.1", False),
        ("10.0.0.0/8", "10.example.org", False),
    ],
)
def test_networks_of_no_proxy(monkeypatch, no_proxy, host, is_direct):
    """Networks are of either version; an entry that is no network is a name."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert proxy_for(f"http://{host}/v2", None) == (None if is_direct else "http://proxy:1")
