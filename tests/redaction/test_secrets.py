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
from support.listeners import answer, listening

from imagine import ImagineException

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


async def chat_of(client):
    return await client.chat(HELLO)


async def stream_of(client):
    return await client.chat_stream(HELLO).final()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("face", ["async", "blocking"])
@settings(max_examples=15)
@given(key=keys, notation=st.sampled_from([*NOTATIONS, *LOGINS]))
def test_the_key_is_shown_nowhere(face, place, key, notation):
    """A service that repeats the key in any place and notation gets it into nothing that people read."""
    shown = asyncio.run(shown_by(face, PLACES[place](notation(key)), api_key=key))
    assert shown.parts_of(key) == shown.parts_of(notation(key)) == []
