"""Heads of answers that are long, redirects that carry a login, and TLS that is too old."""

from __future__ import annotations

import ssl
import warnings

import pytest
import trustme
from support.listeners import answer, listening

from imagine import ImagineConnectionException
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

KIB = 1024


async def pinged(make_client, reply):
    """Ping a listener that gives this answer, and return the text of ours."""
    async with listening(reply) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}", max_retries=0)
        return (await client.ping()).message


async def test_a_long_header_is_read(make_client):
    """A header of 60 KiB, such as a policy of a gateway, is no obstacle."""
    assert await pinged(make_client, answer(b'{"message": "pong"}', "200 OK", "X-Policy: " + "a" * 60 * KIB)) == "pong"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        ("200 OK", ["X-Policy: " + "a" * 70 * KIB]),
        ("200 OK", ["X-" + "a" * 70 * KIB + ": 1"]),
        ("200 OK", [f"X-{number}: 1" for number in range(1000)]),
        ("200 " + "O" * 70 * KIB, []),
    ],
    ids=["value", "name", "many", "status"],
)
async def test_a_head_that_is_too_large_is_told(make_client, status, headers):
    """A head beyond 64 KiB in a line is told as what it is, without its text."""
    with pytest.raises(ImagineConnectionException, match="head too large: 127") as caught:
        await pinged(make_client, answer(b"{}", status, *headers))
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("status", ["101 Switching Protocols", "000 Nothing"])
async def test_a_status_that_ends_no_request_is_told(make_client, status):
    """An answer whose status is no final one is none, whatever comes with it; its connection is closed."""
    reply = f"HTTP/1.1 {status}\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    with pytest.raises(ImagineConnectionException, match=f"answered {int(status[:3])}, which ends no request"):
        await pinged(make_client, reply)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip"])
async def test_an_answer_that_cannot_be_decompressed_is_told(make_client, coding):
    """A coding that was not asked for, or bytes that are not in it, is told by its name."""
    with pytest.raises(ImagineConnectionException, match=f"cannot be decompressed: .*{coding}"):
        await pinged(make_client, answer(b"\x1f\x8b no such bytes", "200 OK", f"Content-Encoding: {coding}"))


async def test_a_login_in_a_redirect_is_left_out(client, server):
    """A redirect within the origin whose address has a user and password is followed with our own key."""
    to = f"http://me:secret@127.0.0.1:{server.port}/apis/v2/health"
    head = f"HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    server.faults.script([Raw([head.encode()])])
    assert (await client.request("GET", "ping")).status == 200
    assert server.requests[-1].path == "/apis/v2/health"


def old_tls(authority):
    """Return the context of a server that knows no TLS beyond 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize("verifies", [True, False])
@pytest.mark.filterwarnings("ignore:verify=False")
async def test_old_tls_is_told_and_not_tried_again(make_client, tmp_path, verifies):
    """A service without TLS 1.2 is a TLS error, with or without verification, and is not asked twice."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with listening(tls=old_tls(authority)) as listener:
        verify = tmp_path / "ca.pem" if verifies else False
        client = await make_client(endpoint=f"https://127.0.0.1:{listener.port}", verify=verify, max_retries=2)
        with pytest.raises(ImagineConnectionException, match=r"TLS with .* failed: .*TLS 1\.2 or later") as caught:
            await client.usage()
    assert (caught.value.reason, len(caught.value.call.attempts)) == ("tls", 1)
