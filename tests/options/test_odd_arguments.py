"""Arguments that make no sense are refused by name, before anything is sent."""

from __future__ import annotations

import http

import pytest

from imagine import RateLimit, Timeout

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello!"}]
ENDLESS = 10**5000
"""More than a float can hold, and more digits than Python shows."""


@pytest.mark.parametrize("value", [ENDLESS, -ENDLESS], ids=["above", "below"])
async def test_seconds_that_no_float_holds_are_refused(make_client, client, server, value):
    """A number of seconds beyond all floats is a ValueError that names the option."""
    for option in ("timeout", "retry_budget", "slot_timeout"):
        with pytest.raises(ValueError, match=option):
            await make_client(**{option: value})
    for option in ("timeout", "deadline"):
        with pytest.raises(ValueError, match=option):
            await client.chat(HELLO, **{option: value})
    with pytest.raises(ValueError, match=r"timeout\.read"):
        Timeout(read=value)
    with pytest.raises(ValueError, match=r"RateLimit\.per"):
        RateLimit(requests=1, per=value)
    assert server.requests == []


@pytest.mark.parametrize(
    ("argument", "value", "error"),
    [
        ("method", 5, TypeError),
        ("method", "", ValueError),
        ("method", "GET / HTTP/1.1\r\nX-Evil: 1", ValueError),
        ("method", "GÉT", ValueError),
        ("path", 5, TypeError),
        ("path", ["ping"], TypeError),
        ("path", "models/\ud800", ValueError),
        ("params", 5, TypeError),
        ("params", [("a", "b")], TypeError),
        ("params", "a=b", TypeError),
        ("extra_headers", {"X-A": "\ud800"}, ValueError),
        ("extra_headers", {"content-length": "3"}, ValueError),
        ("extra_headers", {"Transfer-Encoding": "chunked"}, ValueError),
    ],
)
async def test_an_odd_request_is_refused(client, server, argument, value, error):
    """`request` and `request_as` name the argument that is none of its kind."""
    arguments = {"method": "GET", "path": "ping", argument: value}
    with pytest.raises(error, match=argument):
        await client.request(**arguments)
    with pytest.raises(error, match=argument):
        await client.request_as(dict, **arguments)
    assert server.requests == []


@pytest.mark.parametrize("json", [[1], "text", 5])
async def test_members_need_an_object(client, server, json):
    """`extra_body` is refused where the body is no object that could have its members."""
    with pytest.raises(TypeError, match="extra_body"):
        await client.request("POST", "chat/completions", json=json, extra_body={"n": 2})
    assert server.requests == []


async def test_a_method_may_be_a_member_of_the_enumeration(client):
    """The standard library's methods are taken as what they are."""
    assert (await client.request(http.HTTPMethod.GET, "ping")).status == 200


@pytest.mark.parametrize("kind", [5, len, "ping"])
async def test_a_type_that_is_none_is_refused(client, server, kind):
    """`request_as` refuses what JSON cannot be decoded into before it sends anything."""
    with pytest.raises(TypeError, match="type must be"):
        await client.request_as(kind, "GET", "ping")
    assert server.requests == []
