"""`fetch_image`: the file of an image from wherever its address leads, and what those who answer there cannot get."""

from __future__ import annotations

import base64
import ssl

import pytest
import trustme
from support.clients import HELLO
from support.listeners import answer, listening, proxying

from imagine import (
    Image,
    ImagineAPINotFoundException,
    ImagineAPIRedirectException,
    ImagineAPITooManyRequestsException,
    ImagineConnectionException,
    ImagineDecodeException,
    ImagineException,
    RateLimit,
)

pytestmark = pytest.mark.anyio

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
CONTENT = base64.b64decode(PIXEL)
SECRETS = {"X-Api-Key": "own-secret", "Cookie": "session=own-secret"}


def at(listener, path="/a.png", scheme="http"):
    return Image(url=f"{scheme}://127.0.0.1:{listener.port}{path}")


def tls_of(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
async def other():
    """Another origin, which has an image at every address."""
    async with listening(answer(CONTENT)) as listener:
        yield listener


async def test_an_image_of_an_answer_is_fetched(client, server):
    """What is at the address that the service gives is the image that it would have sent."""
    drawn = {"size": "32x16", "seed": 3}
    [sent] = (await client.images_generate("a lake", **drawn)).data
    [told] = (await client.images_generate("a lake", **drawn, response_format="url")).data
    fetched = await client.fetch_image(told)
    assert (fetched.b64_json, fetched.url) == (sent.b64_json, told.url)
    assert told.b64_json is None
    assert server.requests[-1].headers["Authorization"].startswith("Bearer")


async def test_a_path_is_one_of_the_service(client):
    """An address without a host is below the endpoint's parent, as in answers."""
    [told] = (await client.images_generate("a lake", size="16x16", response_format="url")).data
    path = told.url.partition("/apis/")[2]
    assert (await client.fetch_image(Image(url=path))).to_bytes()[:4] == b"\x89PNG"


async def test_an_address_without_a_scheme_has_the_endpoints(client, other):
    """It is another origin all the same."""
    await client.fetch_image(Image(url=at(other).url.removeprefix("http:")))
    assert "authorization" not in other.requests[0].headers


async def test_another_origin_gets_no_key(make_client, server, other):
    """Neither the key nor the client's headers go there; the headers of the call do."""
    client = await make_client(default_headers=SECRETS)
    await client.fetch_image(at(other), extra_headers={"X-Mine": "1"})
    [request] = other.requests
    assert {"authorization", "x-api-key", "cookie"}.isdisjoint(request.headers)
    assert request.headers["x-mine"] == "1"
    assert "own-secret" not in str(request)


async def test_another_origin_asks_for_no_key(make_client, other):
    """A function that gives the key is not asked, also not after a 401."""
    asked = []
    client = await make_client(api_key=lambda: asked.append(1) or "k", max_retries=0)
    await client.fetch_image(at(other))
    async with listening(answer(b"", "401 Unauthorized")) as refusing:
        with pytest.raises(ImagineException, match="401"):
            await client.fetch_image(at(refusing))
    assert (len(refusing.requests), asked) == (1, [])


async def test_a_login_in_an_address_is_not_sent(client, other):
    """A name before the host is no origin, and its password is nobody's."""
    await client.fetch_image(Image(url=f"http://user:password@127.0.0.1:{other.port}/a.png"))
    assert "authorization" not in other.requests[0].headers


async def test_what_is_there_is_not_asked_for_again(client, server):
    """An image that holds its file, as Base64 or in a `data:` URL, costs no request."""
    whole = Image(b64_json=PIXEL, url="https://host/a.png")
    assert await client.fetch_image(whole) == whole
    assert (await client.fetch_image(Image(url=f"data:image/png;base64,{PIXEL}"))).b64_json == PIXEL
    with pytest.raises(ImagineDecodeException, match="no PNG"):
        await client.fetch_image(Image(url="data:text/html;base64,PGh0bWw+"))
    assert server.requests == []


async def test_redirects_stay_within_the_origin(make_client, other):
    """One within it is followed; one that leads elsewhere is an error with its Location, and nothing is asked there."""
    for location, asked in (("/b.png", ["/a.png", "/b.png"]), (at(other).url, ["/a.png"])):
        async with listening(answer(b"", "302 Found", f"Location: {location}")) as first:
            client = await make_client(endpoint=f"http://127.0.0.1:{first.port}/v2")
            with pytest.raises(ImagineAPIRedirectException, match=location):
                await client.fetch_image(at(first))
        assert [request.target for request in first.requests][:2] == asked
    assert other.requests == []


@pytest.mark.parametrize("size", [2000, None], ids=["with its length", "without an end"])
async def test_an_image_without_end_is_not_read_on(make_client, size):
    """`max_response_bytes` bounds images, too, wherever they are."""
    head = f"Content-Length: {size}" if size else "X-Endless: 1"
    reply = f"HTTP/1.1 200 OK\r\n{head}\r\nConnection: close\r\n\r\n".encode() + CONTENT.ljust(2000, b"\0")
    async with listening(reply) as listener:
        client = await make_client(max_response_bytes=1000)
        with pytest.raises(ImagineDecodeException, match="max_response_bytes=1000"):
            await client.fetch_image(at(listener))


@pytest.mark.parametrize("body", [b"<html>no</html>", b'{"error": "no"}', b""], ids=["a page", "JSON", "nothing"])
async def test_what_is_no_image_is_told(client, body):
    """A page in place of an image is an error with the address and the kind that it came as."""
    async with listening(answer(body)) as listener:
        with pytest.raises(ImagineDecodeException, match=r"200 from GET http://127.*/a\.png \(application/json\)"):
            await client.fetch_image(at(listener))


async def test_a_missing_image_is_told(client, server):
    """An error status is the error that it is for any call."""
    with pytest.raises(ImagineAPINotFoundException, match=r"404 from GET http://\S+0\.png: Image not found \(request"):
        await client.fetch_image(Image(url="images/img-none-0.png"))


async def test_an_image_is_fetched_again_after_a_failure(make_client, server):
    """It has the retries of any call."""
    client = await make_client()
    [told] = (await client.images_generate("a lake", size="16x16", response_format="url")).data
    server.faults.script(["status;code=503;retry-after=0"])
    assert (await client.fetch_image(told)).b64_json
    assert len(server.requests) == 3


async def test_a_signed_address_is_sent_as_it_is_and_not_shown(make_client, caplog):
    """Its query stays as it was signed, and is in no message, log or record."""
    seen = []
    query = "X-Amz-Signature=s3cr3t%2Fvalue+1&a=%7e"
    client = await make_client(on_call=seen.append, debug=True, max_retries=0)
    async with listening(answer(b"s3cr3t/value 1", "403 Forbidden")) as listener:
        with pytest.raises(ImagineException) as caught:
            await client.fetch_image(at(listener, f"/a.png?{query}#top"))
    assert listener.requests[0].target == f"/a.png?{query}"
    shown = f"{caught.value} {caught.value.call} {caught.value.body} {seen} {caplog.text}"
    assert "s3cr3t" not in shown
    assert "/a.png" in shown


async def test_an_address_cannot_break_out_of_its_line(client, other):
    """Line breaks and spaces are quoted."""
    await client.fetch_image(at(other, "/a.png HTTP/1.1\r\nX-Evil: 1\r\n"))
    assert "x-evil" not in other.requests[0].headers


async def test_another_origin_sets_no_pace(make_client, server, other):
    """Its 429 closes no lane of the service, and its images count for no quota."""
    client = await make_client(rate_limits=[RateLimit(requests=1, per=3600)], on_limit="raise", max_retries=0)
    async with listening(answer(b"", "429 Too Many Requests", "Retry-After: 3600")) as busy:
        with pytest.raises(ImagineAPITooManyRequestsException):
            await client.fetch_image(at(busy))
    await client.fetch_image(at(other))
    assert client.lanes == ()
    assert (await client.chat(HELLO, max_tokens=1)).choices


async def test_another_origin_is_reached_through_the_proxy(make_client, other):
    """A proxy of the client's is for all that it asks for."""
    async with proxying() as proxy:
        client = await make_client(proxy=f"http://127.0.0.1:{proxy.port}")
        await client.fetch_image(at(other))
    assert [request.target for request in proxy.requests] == [f"http://127.0.0.1:{other.port}/a.png"]


async def test_another_origin_is_checked_as_the_service_is(make_client, tmp_path):
    """Its certificate has to be one of `verify=`, also where the endpoint has none."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    async with listening(answer(CONTENT), tls=tls_of(authority)) as listener:
        client = await make_client(max_retries=0)
        with pytest.raises(ImagineConnectionException, match="verify="):
            await client.fetch_image(at(listener, scheme="https"))
        client = await make_client(verify=tmp_path / "ca.pem")
        assert (await client.fetch_image(at(listener, scheme="https"))).to_bytes() == CONTENT
    assert len(listener.requests) == 1


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/a.png", "endpoint is https://: it could be changed on its way"),
        ("ftp://host/a.png", "image.url is an address of 'ftp'"),
        ("https://host:99999/a.png", "image.url is no address"),
        ("https://endpoint.invalid\\@evil.invalid/a.png", "image.url is no address"),
        ("https:///a.png", "image.url is no address"),
    ],
)
async def test_an_address_that_makes_no_sense_is_refused(make_client, url, said):
    """What could be changed on its way, or is no address, is a ValueError that names the argument."""
    client = await make_client(endpoint="https://endpoint.invalid/v2")
    with pytest.raises(ValueError, match=said):
        await client.fetch_image(Image(url=url))


@pytest.mark.parametrize(
    ("image", "options", "error", "said"),
    [
        ("https://host/a.png", {}, TypeError, "image must be an Image, not str"),
        (Image(url=5), {}, TypeError, r"image\.url must be a str, not int"),
        (Image(), {}, ValueError, "image has neither b64_json nor a url"),
        (Image(url="file:///etc/passwd"), {}, ValueError, r"image\.url is"),
        (Image(url="a.png"), {"extra_body": {"a": 1}}, TypeError, "extra_body has no place"),
        (Image(url="a.png"), {"fold": True}, TypeError, "fetch_image.*unexpected keyword"),
    ],
)
async def test_what_is_no_image_to_fetch_is_refused(client, server, image, options, error, said):
    """Arguments are named, and nothing is sent."""
    with pytest.raises(error, match=said):
        await client.fetch_image(image, **options)
    assert server.requests == []
