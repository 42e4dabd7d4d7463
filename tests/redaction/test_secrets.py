"""Nothing that a failed call shows has a secret in it, wherever and however the service repeats it."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import traceback
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notations import LOGINS, NOTATIONS
from support.clients import HELLO, behind_face
from support.listeners import answer, free_port, listening, proxying

from imagine import ImagineAsyncClient, ImagineException, ImagineTimeoutException, Timeout

PRINTABLE = "".join(map(chr, range(33, 127)))
keys = st.text(st.sampled_from(PRINTABLE), min_size=8, max_size=40).map("Q~{}~Q".format)
"""Such as are not also a part of what is shown in any case."""
KEY = "sk-SECRETKEY-0123456789abcdef"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def json_answer(status):
    """An answer with a JSON body, in which the secret is a text."""
    return lambda text: answer(json.dumps({"message": text, text: [text, {"choices": text}]}).encode(), status)


PLACES = {
    "message": json_answer("400 Bad Request"),
    "last attempt": json_answer("503 Busy"),
    "wrong class": lambda text: answer(json.dumps({"choices": text}).encode()),
    "plain": lambda text: answer(text.encode(), "401 Unauthorized"),
    "no JSON": lambda text: answer(text.encode()),
    "page": lambda text: answer(f"<p>{text}</p>".encode(), "502 Bad Gateway", "Content-Type: text/html"),
    "headers": lambda text: answer(b"{}", "400 Bad Request", f"X-Request-Id: {text}", f"X-Echo: {text}"),
    "good id": lambda text: answer(b'{"choices": 5}', "200 OK", f"X-Request-Id: {text}"),
    "location": lambda text: answer(b"", "307 Elsewhere", f"Location: https://other.invalid/?key={text}"),
    "reason": lambda text: answer(b"", f"400 {text}"),
    "no status": lambda text: f"HTTP/1.1 abc {text}\r\n\r\n".encode(),
    "head": lambda text: f"HTTP/1.1 200 OK\r\nX: {text}\x00\r\n\r\n".encode(),
    "event": lambda text: EVENTS + f"data: {text}\n\n".encode(),
    "error event": lambda text: EVENTS + f"event: error\ndata: {text}\n\n".encode(),
    "cut event": lambda text: EVENTS + f'data: {{"id": "{text}'.encode(),
    "excerpt": lambda text: answer(json.dumps({"choices": " " * 170 + text + " " * 100}).encode()),
    "long": lambda text: answer((" " * (64 * 1024 - 20) + text + " " * 100).encode(), "400 Bad Request"),
    "long log": lambda text: answer((" " * (10_000 - 20) + text).encode()),
}


class Shown:
    """All that a call has shown: log records, records of calls, and the failure with all that hangs on it."""

    def __init__(self):
        self.texts = []

    def note(self, info):
        """Take a call's record, as `on_call`."""
        self.texts += [repr(info), repr(dict(info.headers)), pickle.dumps(info).decode("latin-1")]

    def walk(self, error):
        """Take an error as those do who report errors: everything by its repr, local variables too."""
        self.texts += [pickle.dumps(error).decode("latin-1"), "".join(traceback.format_exception(error))]
        left, seen = [error], []
        while left:
            one = left.pop()
            if one is not None and one not in seen:
                seen.append(one)
                self.texts += [str(one), repr(one), repr(vars(one))]
                self.texts += [repr(value) for frame in frames(one) for value in frame.f_locals.values()]
                left += [one.__cause__, one.__context__]

    @contextmanager
    def logs(self):
        """Take what is logged meanwhile."""
        handler = logging.Handler()
        handler.emit = lambda record: self.texts.append(record.getMessage())
        logger = logging.getLogger("imagine")
        logger.addHandler(handler)
        try:
            yield
        finally:
            logger.removeHandler(handler)

    def parts_of(self, secret):
        """What it has shown of a secret: whole, or eight characters from an end."""
        return [text for text in self.texts if secret[:8] in text or secret[-8:] in text]


def frames(error):
    """The frames of the traceback that are not the test's own."""
    found = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [frame for frame in found if "/tests/" not in frame.f_code.co_filename]


async def shown_by(face, reply, *asks, **options):
    """Ask a service that always gives the same reply, and return all that was shown."""
    shown = Shown()
    async with listening(reply) as listener:
        endpoint = f"http://127.0.0.1:{listener.port}/v2"
        options = {"endpoint": endpoint, "debug": True, "on_call": shown.note, "max_retries": 0, **options}
        async with behind_face(face, **options) as client:
            for ask in asks or (chat_of, stream_of):
                with shown.logs(), pytest.raises(ImagineException) as caught:
                    await ask(client)
                shown.walk(caught.value)
    return shown


async def chat_of(client, **options):
    return await client.chat(HELLO, **options)


async def stream_of(client, **options):
    return await client.chat_stream(HELLO, **options).final()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("face", ["async", "blocking"])
@settings(max_examples=15)
@given(key=keys, notation=st.sampled_from([*NOTATIONS, *LOGINS]))
def test_the_key_is_shown_nowhere(face, place, key, notation):
    """A service that repeats the key in any place and notation gets it into nothing that people read."""
    shown = asyncio.run(shown_by(face, PLACES[place](notation(key)), api_key=key))
    assert shown.parts_of(key) == shown.parts_of(notation(key)) == []


SECRET_HEADERS = {"X-Api-Key": "HEADER~SECRET~12345", "Cookie": "id=COOKIE~SECRET~12345", "X-Team": "TheBlueTeam"}


@pytest.mark.parametrize("face", ["async", "blocking"])
@pytest.mark.parametrize("notation", NOTATIONS)
def test_headers_named_like_secrets_are_shown_nowhere(face, notation):
    """What `default_headers` hold under the name of a secret is one; under other names it is not."""
    reply = PLACES["headers"](notation(" ".join(SECRET_HEADERS.values())))
    shown = asyncio.run(shown_by(face, reply, default_headers=SECRET_HEADERS, api_key=KEY))
    assert shown.parts_of("HEADER~SECRET~12345") == shown.parts_of("COOKIE~SECRET~12345") == []
    assert shown.parts_of("TheBlueTeam")


@pytest.mark.parametrize("face", ["async", "blocking"])
def test_headers_of_one_call_are_masked_in_what_is_said_of_it(face):
    """What `extra_headers` hold under the name of a secret is in no message, body, header or log of the call."""

    async def ask(client):
        await client.chat(HELLO, extra_headers={"X-Api-Key": "HEADER~SECRET~12345"})

    reply = PLACES["headers"]("HEADER~SECRET~12345")
    shown = asyncio.run(shown_by(face, reply, ask, api_key=KEY))
    assert [text for text in shown.parts_of("HEADER~SECRET~12345") if "extra_headers" not in text] == []


@pytest.mark.parametrize("face", ["async", "blocking"])
def test_what_is_sent_again_shows_no_key(face):
    """The log of retries and the causes in the records of attempts are without the key, too."""
    reply = answer(KEY.encode(), "503 Busy", "Retry-After: 0", f"X-Echo: {KEY}")
    shown = asyncio.run(shown_by(face, reply, max_retries=2, api_key=KEY))
    assert any("attempt 2" in text for text in shown.texts)
    assert shown.parts_of(KEY) == []


@pytest.mark.anyio
@pytest.mark.parametrize("limits", [{"deadline": 0.1}, {"timeout": Timeout(read=0.1, first_event=0.1)}])
@pytest.mark.parametrize("ask", [chat_of, stream_of])
async def test_a_timeout_shows_no_key(make_client, server, ask, limits):
    """The frames of a call that was given up hold no key, though those of aiohttp had its headers."""
    server.faults.script(["silent"] * 2)
    shown = Shown()
    client = await make_client(on_call=shown.note)
    with pytest.raises(ImagineTimeoutException) as caught:
        await ask(client, **limits)
    shown.walk(caught.value)
    assert shown.parts_of(f"Bearer {server.api_key}") == []


@pytest.mark.anyio
async def test_a_cancelled_call_shows_no_key(server):
    """Where a call's cancellation is the cause of another's error, as of `asyncio.timeout`, its frames are clean."""
    server.faults.script(["silent"])
    shown = Shown()
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.2):
                await client.chat(HELLO)
    shown.walk(caught.value)
    assert shown.parts_of(f"Bearer {server.api_key}") == []


@pytest.mark.parametrize("face", ["async", "blocking"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("status", [407, 502, None])
def test_the_password_of_a_proxy_is_shown_nowhere(face, scheme, status):
    """Whatever a proxy answers, and where there is none, its password and its login are not shown."""

    async def check():
        async with proxying(answer(b"", f"{status} bad PASS~WORD/12345", "X: bWU6UEFTU35XT1JELzEyMzQ1")) as proxy:
            port = proxy.port if status else free_port()
            address = f"http://me:PASS~WORD%2F12345@127.0.0.1:{port}"
            return await shown_by(face, b"", endpoint=f"{scheme}://service.invalid/v2", api_key=KEY, proxy=address)

    shown = asyncio.run(check())
    for secret in ("PASS~WORD/12345", "PASS~WORD%2F12345", "bWU6UEFTU35XT1JELzEyMzQ1"):
        assert shown.parts_of(secret) == []


def test_causes_keep_their_kind_where_they_show_no_secret():
    """A cause is what was raised, without the frames of libraries; one that shows a secret is told by its words."""
    shown = asyncio.run(shown_by("async", b"no HTTP\r\n\r\n", chat_of, api_key=KEY))
    assert any("ClientResponseError(" in text and "***" in text for text in shown.texts)
    assert not any("/aiohttp/" in text for text in shown.texts)
