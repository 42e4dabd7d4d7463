"""Which client an object asks, and what becomes of it."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading

import pytest
from langchain_core.documents import Document
from pydantic import SecretStr, ValidationError
from support.clients import in_thread, until
from support.programs import STRICT_WITH_LANGCHAIN as STRICT

from imagine import ImagineAPIAuthenticationException, ImagineAsyncClient, ImagineClient, RateLimit
from imagine.langchain import ImagineChat, ImagineEmbeddings, ImagineLLM, ImagineReranker

pytestmark = pytest.mark.anyio


async def test_an_object_has_one_client(chat, server):
    """Calls that block and calls that are awaited, in several loops and threads, share it."""
    await chat.ainvoke("Hello")
    await in_thread(chat.invoke, "Hello")
    await in_thread(lambda: asyncio.run(chat.ainvoke("Hello")))
    await in_thread(lambda: asyncio.run(chat.ainvoke("Hello")))
    assert len(server.requests) == 4
    assert chat._awaited is chat._blocking


async def test_a_changed_field_is_another_client(chat, server, invoke):
    """A copy with another key asks with that one, and the first goes on with its own."""
    await invoke(chat, "Hello")
    with pytest.raises(ImagineAPIAuthenticationException):
        await invoke(chat.model_copy(update={"api_key": SecretStr("other")}), "Hello")
    await invoke(chat, "Hello")


@pytest.mark.parametrize("name", ["client", "async_client"])
async def test_objects_share_a_client_and_its_quotas(server, face, call, name):
    """Given one of either kind, calls of both kinds go by its connections and count on its quota."""
    kind = ImagineClient if name == "client" else ImagineAsyncClient
    client = kind(server.endpoint, server.api_key, rate_limits=[RateLimit(requests=10, per=3600)])
    shared = {name: client}
    chat = ImagineChat(**shared)
    await call(chat, "invoke", "Hello")
    await call(ImagineLLM(**shared), "invoke", "Hello")
    await call(ImagineEmbeddings(**shared), "embed_query", "Hello")
    await call(ImagineReranker(**shared), "compress_documents", [Document("a")], "b")
    assert client.quota[0].remaining == 6
    assert chat.endpoint == client.endpoint
    await client.close() if kind is ImagineAsyncClient else await in_thread(client.close)


def test_a_client_and_fields_of_one_are_refused(server):
    """What a client brings with it is not given beside it."""
    client = ImagineClient(server.endpoint, server.api_key)
    with pytest.raises(ValidationError, match="timeout: a client that is given brings its own"):
        ImagineChat(client=client, timeout=3)


async def test_errors_are_the_sdks(chat, server, invoke):
    """What the service refuses is raised as the SDK raises it."""
    server.faults.script(["status;code=401;message=wrong key"])
    with pytest.raises(ImagineAPIAuthenticationException, match="wrong key") as caught:
        await invoke(chat, "Hello")
    assert caught.value.call is not None


async def test_a_batch_takes_no_thread_a_call(make_chat, server):
    """A hundred calls that are awaited at once need hardly more threads than one."""
    chat = make_chat()
    most, before = 0, threading.active_count()
    server.chat.replies("Hello", when=lambda _: True)
    waiting = asyncio.ensure_future(chat.abatch(["Hello"] * 100))
    while not waiting.done():
        most = max(most, threading.active_count() - before)
        await asyncio.sleep(0)
    assert len(await waiting) == 100
    assert most < 20


async def test_an_object_that_is_dropped_closes_its_connections(make_chat, server, invoke):
    """Nobody has to close an object's own client, and nobody is warned of it."""
    chat = make_chat()
    await invoke(chat, "Hello")
    [held] = chat._awaited._pool._sessions.values()
    assert not held.session.closed
    del chat
    gc.collect()
    await until(lambda: held.session.closed)


PROGRAM = """
import asyncio
from imagine.langchain import ImagineChat
chat = ImagineChat()
async def stream():
    async for _ in chat.astream("Hello"):
        pass
async def leave():
    async for _ in chat.astream("Hello"):
        break
for work in (stream, leave, stream):
    asyncio.run(work())
chat.invoke("Hello")
next(chat.stream("Hello"))
"""


@pytest.mark.usefixtures("imagine_environment")
def test_a_program_ends_in_silence():
    """Loops that end one after the other, streams that are left and an object that nobody closes leave no words."""
    command = [sys.executable, *STRICT, "-c", PROGRAM]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert (ended.stderr, ended.stdout, ended.returncode) == ("", "", 0)
