"""What is said where there is no such route, and of pages that gateways send."""

from __future__ import annotations

import pytest
from support.listeners import answer, listening

from imagine import ImagineAPIException, ImagineAPINotFoundException
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]
NOT_FOUND = answer(b'{"detail": "Not Found"}', "404 Not Found")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/apis/v2", "Not Found"),
        ("", "Not Found; the endpoint has no path, one such as /apis/v2 or /v1 may be missing"),
    ],
)
async def test_a_route_that_is_not_there_is_shown_whole(make_client, path, words):
    """A 404 shows the URL, and what an endpoint without a path may lack."""
    async with listening(NOT_FOUND) as listener:
        endpoint = f"http://127.0.0.1:{listener.port}{path}"
        client = await make_client(endpoint=endpoint, max_retries=0)
        for ask, route in (
            (client.chat(HELLO), "POST chat/completions"),
            (client.chat_stream(HELLO).final(), "POST chat/completions"),
            (client.ping(), "GET ping"),
        ):
            with pytest.raises(ImagineAPINotFoundException) as caught:
                await ask
            assert str(caught.value) == f"404 from {route} ({endpoint}/{route.partition(' ')[2]}): {words}"


async def test_a_query_is_not_shown(make_client):
    """The URL of a 404 has no query, in which there may be a secret; a route of the user's is quoted."""
    async with listening(NOT_FOUND) as listener:
        client = await make_client(endpoint=f"http://127.0.0.1:{listener.port}/v2", max_retries=0)
        with pytest.raises(ImagineAPINotFoundException) as caught:
            await client.request("GET", "a b/c", params={"sig": "abc-123"})
    assert str(caught.value) == f"404 from GET a b/c (http://127.0.0.1:{listener.port}/v2/a%20b/c): Not Found"


async def test_a_page_is_told_once(client, server):
    """An HTML page whose title is its heading says it once."""
    page = (
        b"<html><head><title>429 Too Many Requests</title></head><body><center>"
        b"<h1>429 Too Many\n Requests</h1></center><hr>nginx</body></html>"
    )
    head = b"HTTP/1.1 429 X\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(page)
    server.faults.script([Raw([head + page])])
    with pytest.raises(ImagineAPIException) as caught:
        await client.chat(HELLO)
    assert str(caught.value) == "429 from POST chat/completions: 429 Too Many Requests nginx"
