"""What only the blocking client has: threads to wait in, the one that serves them, and the way between."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import gc
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import anyio
import psutil
import pytest
from support.clients import HELLO, until
from support.piecewise import sending

import imagine._blocking.loop_thread
import imagine._blocking.portal
from imagine import (
    ImagineAPINotFoundException,
    ImagineAsyncClient,
    ImagineClient,
    ImagineException,
    ImagineStreamException,
    Stream,
)

EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
DONE = b"data: [DONE]\n\n"


@pytest.fixture
def client(server):
    """A blocking client that does not retry."""
    with ImagineClient(server.endpoint, server.api_key, 0) as client:
        yield client


def wait_until(condition):
    """Wait until something that happens on its own has happened."""
    asyncio.run(until(condition))


def serving_threads():
    """The threads that serve blocking calls."""
    return [thread for thread in threading.enumerate() if thread.name == "imagine-portal"]


def test_calls_inside_a_running_loop(client):
    """A thread in which an event loop runs, as a notebook's does, can block on a call and on a stream."""

    async def main():
        assert client.ping().status == "ok"
        return [chunk.first_content for chunk in client.chat_stream(HELLO, max_tokens=5)]

    assert len(asyncio.run(main())) == 5


def test_many_threads_share_a_client(client, server):
    """32 threads call and stream through one client at once; one thread serves them all."""

    def work(number):
        question = [{"role": "user", "content": f"Question {number}"}]
        streamed = client.chat_stream(question, max_tokens=10).final().first_content
        return streamed == client.chat(question, max_tokens=10).first_content

    with ThreadPoolExecutor(32) as threads:
        assert all(threads.map(work, range(128)))
    assert len(serving_threads()) == 1


def test_a_stream_crosses_threads_once_per_read(monkeypatch):
    """10,000 events that come in 50 reads take at most 55 crossings, with the one for the connection and the end."""
    crossings = []

    def count(name):
        function = getattr(imagine._blocking.portal.Portal, name)

        def counted(*arguments):
            crossings.append(name)
            return function(*arguments)

        monkeypatch.setattr(imagine._blocking.portal.Portal, name, counted)

    for name in ("call", "call_soon", "call_within"):
        count(name)
    events = 0
    with (
        sending([EVENT * 200] * 49 + [EVENT * 200 + DONE]) as server,
        ImagineClient(server.endpoint, "key") as client,
        client.chat_stream(HELLO) as stream,
    ):
        for _ in stream:
            events += 1
            if events % 200 == 0:
                server.send_next()
    assert events == 10_000
    assert 50 <= len(crossings) <= 55


def test_a_call_crosses_threads_once(client, monkeypatch):
    """A call that is no stream takes one crossing, and so does `final()`."""
    crossings = []
    call = imagine._blocking.portal.Portal.call
    monkeypatch.setattr(imagine._blocking.portal.Portal, "call", lambda *args: crossings.append(args) or call(*args))
    client.chat(HELLO)
    client.chat_stream(HELLO).final()
    assert len(crossings) == 2


def test_the_loop_is_that_of_uvloop_where_it_is_installed(server):
    """Calls run on the loop of the extra `speedups`, and without it on asyncio's own."""
    loops = []
    with ImagineClient(
        server.endpoint, server.api_key, on_call=lambda _: loops.append(asyncio.get_running_loop())
    ) as client:
        client.ping()
    assert type(loops[0]).__module__.partition(".")[0] == ("uvloop" if find_spec("uvloop") else "asyncio")


def test_a_stream_is_an_iterator(client):
    """`next()` and `for` take from the same chunks, and at the end there are no more."""
    stream = client.chat_stream(HELLO, max_tokens=6)
    assert isinstance(stream, Stream)
    first = next(stream)
    rest = [*stream]
    assert len([first, *rest]) == 6
    assert next(stream, None) is None
    assert [*stream] == []
    assert stream.text == stream.final().first_content


def test_a_waiting_reader_is_ended_by_close(client, server):
    """`close` from another thread ends the loop that waits for the next chunk, at once and without an error."""
    server.faults.script(["stall;after=2"])
    stream, chunks = client.chat_stream(HELLO), []
    with ThreadPoolExecutor(1) as thread:
        reader = thread.submit(lambda: chunks.extend(stream))
        wait_until(lambda: len(chunks) == 2)
        stream.close()
        stream.close()
        reader.result(5)
    assert len(chunks) == 2
    wait_until(lambda: server.open_streams == 0)


def test_a_stream_that_was_never_read_is_closed_without_a_request(client, server):
    """Closing a stream before its first chunk sends nothing, and it is empty from then on."""
    with client.chat_stream(HELLO) as stream:
        pass
    assert [*stream] == []
    assert server.requests == []


@pytest.mark.parametrize("leave", ["break", "raise", "drop"])
def test_a_dropped_stream_frees_its_connection(server, leave):
    """A stream that is left without `close` and no longer referenced gives connection and slot back."""
    server.faults.script(["stall;after=2"] * 3)
    client = ImagineClient(server.endpoint, server.api_key, max_concurrent_requests=1, slot_timeout=5)
    for _ in range(3):
        if leave == "break":
            for _ in client.chat_stream(HELLO):
                break
        elif leave == "raise":
            with pytest.raises(ZeroDivisionError):
                for _ in client.chat_stream(HELLO):
                    raise ZeroDivisionError
        else:
            next(client.chat_stream(HELLO))
    assert client.ping().status == "ok"
    client.close()
    wait_until(lambda: server.open_connections == 0)


def test_an_exception_keeps_nothing_alive(client):
    """What the frames under a failed call hold is freed with its exception: the way through the loop adds no cycle."""
    collected = threading.Event()

    def ask(_mark):
        client.chat([])

    gc.disable()
    try:
        with pytest.raises(ValueError, match="messages"):
            ask(Mark(collected))
        assert collected.is_set()
    finally:
        gc.enable()


class Mark:
    """Tells when it is collected."""

    def __init__(self, event):
        self._event = event

    def __del__(self):
        self._event.set()


def test_errors_arrive_in_the_callers_thread(client):
    """An exception has its own type, and its traceback leads from the caller to the cause past the portal."""
    with pytest.raises(ImagineAPINotFoundException, match="404 from GET nowhere") as caught:
        client.request("GET", "nowhere")
    files = [Path(entry.path).name for entry in caught.traceback]
    assert files[:2] == ["test_blocking.py", "client.py"]
    assert files[-1] == "transport.py"
    assert not {"from_thread.py", "_base.py", "_asyncio.py"} & set(files)


def test_bad_arguments_raise_as_they_do_in_the_async_client(client, server):
    """ValueError and TypeError come through unchanged, and nothing is sent."""
    with pytest.raises(ValueError, match="messages"):
        client.chat([])
    with pytest.raises(TypeError, match="wrong type"):
        client.chat_stream(HELLO, temperature="hot")
    with pytest.raises(TypeError, match="nonsense"):
        client.embeddings("text", nonsense=1)
    assert server.requests == []


def test_use_after_close(server):
    """Calls, streams and `with` on a closed client say that it is closed; closing twice is fine."""
    with ImagineClient(server.endpoint, server.api_key) as client:
        derived = client.with_options(max_retries=0)
        client.ping()
        derived.ping()
    client.close()
    for closed in (client, derived):
        for use in (closed.ping, lambda c=closed: c.chat_stream(HELLO), closed.__enter__):
            with pytest.raises(ImagineException, match="closed"):
                use()
    wait_until(lambda: server.open_connections == 0)


def test_closing_the_client_breaks_its_streams_off(client, server):
    """A reader whose client is closed by another thread gets an error, not an end."""
    server.faults.script(["stall;after=2"])
    stream = client.chat_stream(HELLO)
    next(stream)
    with ThreadPoolExecutor(1) as thread:
        reader = thread.submit(stream.final)
        client.close()
        with pytest.raises(ImagineStreamException, match="client was closed"):
            reader.result(5)


def test_a_derived_client_shares_the_connections(client, server):
    """`with_options` gives a blocking client that goes out over the same connection."""
    client.ping()
    derived = client.with_options(default_headers={"X-Derived": "yes"})
    derived.ping()
    assert type(derived) is ImagineClient
    assert derived.default_model_llm == client.default_model_llm
    assert len({request.connection for request in server.requests}) == 1
    assert server.requests[-1].headers["X-Derived"] == "yes"


def test_a_callback_cannot_wait_for_itself(server, caplog):
    """A blocking call from `on_call=` is refused with an explanation, where it would wait forever."""
    client = ImagineClient(server.endpoint, server.api_key, on_call=lambda _: client.ping())
    assert client.health_check().postgres
    assert "would wait for itself" in caplog.text
    client.close()


def test_a_callback_may_close(server):
    """Closing the client from `on_call=` does not wait for itself either."""
    client = ImagineClient(server.endpoint, server.api_key, on_call=lambda _: client.close())
    assert client.ping().status == "ok"
    wait_until(lambda: server.open_connections == 0)


def test_a_callback_that_exits_ends_the_caller_only(server):
    """SystemExit out of `on_call=` reaches the caller, and other calls go on."""

    def leave(_):
        raise SystemExit(3)

    leaving = ImagineClient(server.endpoint, server.api_key, on_call=leave)
    with pytest.raises(SystemExit):
        leaving.ping()
    with ImagineClient(server.endpoint, server.api_key) as staying:
        assert staying.ping().status == "ok"
    leaving.close()


def test_context_variables_of_the_caller_are_seen(server):
    """What runs in the loop for a call sees the caller's context variables, of each call anew."""
    request = contextvars.ContextVar("request", default=None)
    seen = []
    client = ImagineClient(server.endpoint, server.api_key, on_call=lambda _: seen.append(request.get()))
    for number in range(2):
        request.set(number)
        client.ping()
    contextvars.Context().run(client.ping)
    assert seen == [0, 1, None]
    client.close()


@pytest.mark.filterwarnings("ignore:unclosed ImagineClient:ResourceWarning")
def test_clients_are_cheap(server):
    """1,000 clients made and dropped, a hundred of them after a call, leave no thread, no socket and no descriptor."""
    ImagineClient(server.endpoint, server.api_key).ping()
    wait_until(lambda: server.open_connections == 0)
    threads, descriptors = threading.active_count(), psutil.Process().num_fds()
    for number in range(1000):
        client = ImagineClient(server.endpoint, server.api_key)
        if number % 10 == 0:
            client.ping()
    del client
    wait_until(lambda: server.open_connections == 0)
    assert threading.active_count() <= threads
    assert len(serving_threads()) == 1
    assert psutil.Process().num_fds() <= descriptors


COPIES = [copy.copy, copy.deepcopy, lambda client: pickle.loads(pickle.dumps(client))]


@pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle"])
def test_a_blocking_client_is_copied_as_configuration(server, copied):
    """A copy has the options, opens connections of its own, and outlives the original."""
    with ImagineClient(server.endpoint, server.api_key, max_concurrent_requests=3) as client:
        client.ping()
        other = copied(client)
    assert type(other) is ImagineClient
    assert repr(other) == repr(client)
    with other:
        assert other.ping().status == "ok"
    assert len({request.connection for request in server.requests}) == 2


@pytest.mark.anyio
@pytest.mark.parametrize("copied", COPIES, ids=["copy", "deepcopy", "pickle"])
async def test_an_async_client_is_copied_as_configuration(server, copied):
    """The same holds for the async client."""
    async with ImagineAsyncClient(server.endpoint, server.api_key) as client:
        await client.ping()
        other = copied(client)
    async with other:
        assert (await other.ping()).status == "ok"
    assert len({request.connection for request in server.requests}) == 2


def test_the_constructor_takes_what_the_incumbents_does(server):
    """The first eight parameters may be positional, `ctx` among them, which has no effect and says so."""
    arguments = (server.endpoint, server.api_key, 1, 5.0, True, False, False)
    with pytest.warns(DeprecationWarning, match="ctx=") as warned:
        client = ImagineClient(*arguments, object(), max_concurrent_requests=2)
    assert warned[0].filename == __file__
    with client:
        assert client.ping().status == "ok"
    with pytest.raises(TypeError):
        ImagineClient(*arguments, None, 2)
    with pytest.raises(TypeError, match="unknown option nonsense"):
        ImagineClient(*arguments, nonsense=1)


@pytest.mark.parametrize(
    ("owner", "name", "told"),
    [
        (anyio, "run", "no event loop could be started: no more"),
        (threading.Thread, "start", "no thread could be started"),
    ],
)
def test_a_loop_that_cannot_be_started_is_an_error(server, monkeypatch, owner, name, told):
    """Where the machine has no thread or no descriptors left, a call says so, and one made later can work."""

    def fail(*_, **__):
        raise RuntimeError("no more")

    client = ImagineClient(server.endpoint, server.api_key)
    with monkeypatch.context() as patched:
        patched.setattr(imagine._blocking.loop_thread, "_current", None)
        patched.setattr(owner, name, fail)
        with pytest.raises(ImagineException, match=told):
            client.ping()
    with client:
        assert client.ping().status == "ok"
