"""The key from a function of the user's: when it is asked for, what is sent, how a failure is told."""

from __future__ import annotations

import asyncio
import copy
import functools
import itertools
import pickle
import threading

import pytest
from support.clients import HELLO
from support.listeners import answer, listening

import imagine
from imagine import (
    ImagineAPIAuthenticationException,
    ImagineException,
    ImagineTimeoutException,
)

pytestmark = pytest.mark.anyio


def giving(*keys):
    """Return a function that gives one key after the other, and the last one again and again."""
    left = list(keys)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


class Provider:
    """A callable object, which is awaited."""

    def __init__(self, key):
        self.key = key

    async def __call__(self):
        await asyncio.sleep(0)
        return self.key


async def given(key):
    """Give a key, after a turn of the loop."""
    await asyncio.sleep(0)
    return key


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda key: lambda: key,
        lambda key: functools.partial(given, key),
        lambda key: lambda: given(key),
        Provider,
        lambda key: lambda: f" {key}\n",
    ],
    ids=["function", "async", "awaitable", "object", "with space around"],
)
async def test_a_function_gives_the_key(make_client, server, wrapped):
    """The key may come from any function or object that is called, async ones included; streams ask for it, too."""
    client = await make_client(api_key=wrapped(server.api_key), max_retries=0)
    await client.chat(HELLO, max_tokens=2)
    assert (await client.chat_stream(HELLO, max_tokens=2).final()).choices


async def test_each_attempt_asks_for_the_key(make_client):
    """A key is asked for before each attempt, never before the client is used."""
    async with listening(answer(b"{}", "503 Busy", "Retry-After-Ms: 1")) as listener:
        client = await make_client(
            endpoint=f"http://127.0.0.1:{listener.port}", api_key=giving("k-1", "k-2", "k-3"), max_retries=2
        )
        assert "k-1" not in repr(client)
        with pytest.raises(ImagineException):
            await client.usage()
    assert [request.headers["authorization"] for request in listener.requests] == [
        "Bearer k-1",
        "Bearer k-2",
        "Bearer k-3",
    ]


async def test_a_refused_key_is_asked_for_once_more(make_client, server):
    """After a 401 the call is sent once again with another key, even without retries, and the record says so."""
    client = await make_client(api_key=giving("stale", server.api_key), max_retries=0)
    raw = await client.request("GET", "models")
    assert [(attempt.number, attempt.cause[:4]) for attempt in raw.call.attempts] == [(1, ""), (2, "401:")]
    assert len(server.requests) == 2


@pytest.mark.parametrize("ask", [lambda client: client.chat(HELLO), lambda client: client.chat_stream(HELLO).final()])
async def test_a_key_that_is_refused_twice_is_an_error(make_client, server, ask):
    """A call is sent again once; the second 401 is told, and neither key is shown."""
    client = await make_client(api_key=giving("stale-key-1", "stale-key-2"), max_retries=3)
    with pytest.raises(ImagineAPIAuthenticationException) as caught:
        await ask(client)
    assert len(server.requests) == len(caught.value.call.attempts) == 2
    assert "stale-key" not in f"{caught.value} {caught.value.call} {caught.value.body}"


async def test_a_refused_upload_is_sent_whole_again(make_client, server):
    """The file of an upload is read from its start for the second key; what can be read once is not sent again."""
    client = await make_client(api_key=giving("stale", server.api_key), max_retries=0)
    assert (await client.transcribe(b"RIFF", file_name="a.wav")).text
    client = await make_client(api_key=giving("stale", server.api_key), max_retries=0)
    with pytest.raises(ImagineAPIAuthenticationException):
        await client.transcribe(iter([b"RIFF"]))


async def test_keys_that_were_given_are_masked(make_client):
    """Each key that the function gave is taken out of what is shown, the older ones too."""
    words = b'{"message": "neither rotating-key-1 nor rotating-key-2 will do"}'
    async with listening(answer(words, "503 Busy", "Retry-After-Ms: 1")) as listener:
        client = await make_client(
            endpoint=f"http://127.0.0.1:{listener.port}",
            api_key=giving("rotating-key-1", "rotating-key-2"),
            max_retries=1,
        )
        with pytest.raises(ImagineException, match=r"neither \*\*\* nor \*\*\* will do"):
            await client.usage()


async def test_of_many_keys_the_last_ones_are_masked(make_client):
    """A function that gives a new key each time fills no memory: a call's own is masked, and some that came before."""
    numbers = itertools.count()
    words = b'{"message": "not minted-key-000, minted-key-050 or minted-key-080"}'
    async with listening(answer(words, "400 Bad")) as listener:
        client = await make_client(
            endpoint=f"http://127.0.0.1:{listener.port}", api_key=lambda: f"minted-key-{next(numbers):03}"
        )
        told = []
        for _ in range(81):
            with pytest.raises(ImagineException) as caught:
                await client.usage()
            told.append(str(caught.value))
    assert "not ***, minted-key-050 or minted-key-080" in told[0]
    assert "not minted-key-000, *** or ***" in told[80]


def raising(error):
    """Return a function that raises."""

    def function():
        raise error

    return function


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OSError("vault is sealed"), OSError),
        (StopIteration(), RuntimeError),
        (SystemExit(3), RuntimeError),
        (ImagineException("no"), ImagineException),
    ],
)
async def test_what_the_function_raises_is_the_cause(make_client, server, error, cause):
    """A function that fails fails the call in words, with its error as the cause; nothing is sent, nothing retried."""
    calls = []
    client = await make_client(api_key=raising(error), on_call=calls.append)
    with pytest.raises(ImagineException, match=f"api_key.*{cause.__name__}") as caught:
        await client.chat(HELLO)
    assert type(caught.value) is ImagineException
    assert type(caught.value.__cause__) is cause
    assert [call.outcome for call in calls] == ["failed"]
    assert server.requests == []


@pytest.mark.parametrize("key", ["", " ", "two words", "k\r\nX-Evil: 1", "k-é", None, b"k-1", 5])
async def test_a_key_that_cannot_be_sent_is_refused_unseen(make_client, server, key):
    """What a function gives is checked as a key that is passed is, and not repeated."""
    client = await make_client(api_key=lambda: key)
    with pytest.raises(ImagineException, match="api_key must be") as caught:
        await client.chat(HELLO)
    assert "Evil" not in str(caught.value)
    assert server.requests == []


async def test_a_function_that_hangs_stops_at_the_deadline(make_client, server):
    """A function that does not return holds up its own call alone, and no longer than its deadline."""
    done = threading.Event()
    hangs = giving(done.wait, lambda: True)
    client = await make_client(api_key=lambda: (hangs()(), server.api_key)[1])
    with pytest.raises(ImagineTimeoutException, match="deadline"):
        await client.chat(HELLO, deadline=0.2)
    await client.chat(HELLO, max_tokens=2)
    done.set()


@pytest.mark.parametrize("where", ["client", "call"])
async def test_an_authorization_of_ones_own_wins(make_client, where):
    """With a header of that name, of the client or of the call, the function is not asked."""
    header = {"authorization": "Basic abc"}
    async with listening() as listener:
        client = await make_client(
            endpoint=f"http://127.0.0.1:{listener.port}",
            api_key=raising(OSError()),
            default_headers=header if where == "client" else None,
        )
        await client.ping(extra_headers=header if where == "call" else None)
    assert listener.requests[0].headers["authorization"] == "Basic abc"


def a_key():
    """Give a key, from where pickles find it."""
    return "k-1"


def test_a_client_keeps_its_function(face):
    """A derived client, a copy and a pickle have the same function, and are equal by it."""
    kind = imagine.ImagineAsyncClient if face == "async" else imagine.ImagineClient
    client = kind("http://127.0.0.1:1", a_key)
    again = [
        client.with_options(max_retries=1).with_options(max_retries=3),
        copy.copy(client),
        copy.deepcopy(client),
        pickle.loads(pickle.dumps(client)),
    ]
    secrets = [getattr(one, "_async", one)._options.api_key for one in (client, *again)]
    assert all(secret == secrets[0] and secret.value is a_key for secret in secrets)
    with pytest.raises((pickle.PicklingError, AttributeError, TypeError)):
        pickle.dumps(kind("http://127.0.0.1:1", lambda: "k-1"))
