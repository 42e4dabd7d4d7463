"""The async client and event loops: made anywhere, used in several, freed with each, cancelled without a trace."""

from __future__ import annotations

import asyncio
import gc
import logging
import subprocess
import sys
import textwrap
import threading
import weakref
from contextvars import ContextVar, copy_context

import pytest
from support.clients import HELLO, until

from imagine import ImagineAsyncClient, ImagineException, ImagineStreamException, Timeout


@pytest.fixture
def client(server):
    """A client made outside of any loop."""
    return ImagineAsyncClient(server.endpoint, server.api_key, max_concurrent_requests=2, slot_timeout=5)


def test_one_client_in_two_runs(client, server, recwarn, caplog):
    """A client made outside of a loop works in one `asyncio.run` and in the next, without closing in between."""
    for _ in range(2):
        assert asyncio.run(client.ping()).status == "ok"
        asyncio.run(until(lambda: server.open_connections == 0))
    asyncio.run(client.close())
    gc.collect()
    assert [str(warning.message) for warning in recwarn] == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_loop_that_is_closed_without_ceremony_is_forgotten(client, server):
    """After a loop that was closed over open transports, of which asyncio itself warns, the client works elsewhere."""
    loop = asyncio.new_event_loop()
    loop.run_until_complete(client.ping())
    loop.close()
    asyncio.run(client.ping())
    asyncio.run(client.close())
    asyncio.run(until(lambda: server.open_connections == 0))


def test_one_client_in_two_loops_at_once(client, server):
    """Two loops in two threads share the client; closing it in one closes the sessions of both."""
    other = asyncio.new_event_loop()
    thread = threading.Thread(target=other.run_forever)
    thread.start()

    async def both():
        for _ in range(3):
            there = asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.ping(), other))
            await asyncio.gather(client.ping(), there)
        assert server.open_connections == 2
        await client.close()

    asyncio.run(both())
    other.call_soon_threadsafe(other.stop)
    thread.join()
    other.close()
    asyncio.run(until(lambda: server.open_connections == 0))


def test_slots_are_shared_over_loops(client, server):
    """A call in one loop waits for a slot that a stream in another loop's thread holds, and gets it."""
    server.faults.script(["stall;after=1", "stall;after=1"])
    streams = [client.chat_stream(HELLO) for _ in range(2)]
    held, done = threading.Event(), threading.Event()

    async def hold():
        for stream in streams:
            await anext(stream)
        held.set()
        await asyncio.to_thread(done.wait)
        await streams[0].aclose()

    async def ask():
        asyncio.get_running_loop().call_later(0.1, done.set)
        return await client.get_available_models()

    thread = threading.Thread(target=asyncio.run, args=(hold(),))
    thread.start()
    held.wait()
    assert asyncio.run(ask())
    thread.join()


@pytest.mark.filterwarnings("ignore:unclosed ImagineAsyncClient:ResourceWarning")
def test_a_dropped_client_closes_its_connections(server):
    """A client that is dropped without `close` inside a running loop leaves no socket."""

    async def run():
        for _ in range(50):
            await ImagineAsyncClient(server.endpoint, server.api_key).ping()
        await until(lambda: server.open_connections == 0)

    asyncio.run(run())


def test_closing_the_client_breaks_its_streams_off(client, server):
    """A reader whose client is closed meanwhile gets an error, not an end."""
    server.faults.script(["stall;after=2"])

    async def run():
        stream = client.chat_stream(HELLO)
        await anext(stream)
        reader = asyncio.create_task(stream.final())
        await asyncio.sleep(0.05)
        await client.close()
        with pytest.raises(ImagineStreamException, match="client was closed") as caught:
            await reader
        assert caught.value.partial.first_content

    asyncio.run(run())


def test_closing_under_a_call_does_not_send_it_again(client, server):
    """A call whose client is closed under it ends with an error, and nothing more is sent."""
    server.faults.script(["silent"])

    async def run():
        call = asyncio.create_task(client.chat(HELLO))
        await until(lambda: len(server.requests) == 1)
        await client.close()
        with pytest.raises(ImagineException):
            await call
        assert len(server.requests) == 1

    asyncio.run(run())


def test_a_stream_that_outlives_its_loop_gives_its_slot_back(server):
    """A stream that is still held when its loop has ended is in nobody's way in the next loop."""
    client = ImagineAsyncClient(server.endpoint, server.api_key, max_concurrent_requests=1, slot_timeout=2)
    server.faults.script(["stall;after=1"])
    stream = client.chat_stream(HELLO)

    async def begin():
        await anext(stream)

    asyncio.run(begin())
    assert asyncio.run(client.ping()).status == "ok"
    asyncio.run(client.close())


def test_use_after_close(client):
    """Calls, streams and `async with` on a closed client say that it is closed; closing twice is fine."""

    async def run():
        async with client:
            await client.ping()
        await client.close()
        with pytest.raises(ImagineException, match="closed"):
            await client.ping()
        with pytest.raises(ImagineException, match="closed"):
            client.chat_stream(HELLO)
        with pytest.raises(ImagineException, match="closed"):
            await client.__aenter__()

    asyncio.run(run())


def test_the_first_call_does_not_stall_the_loop(server):
    """While the first call imports aiohttp, the loop goes on: nothing else waits for as long as the import takes."""
    script = """
        import asyncio, sys, time
        from imagine import ImagineAsyncClient

        async def ticking(gaps):
            while True:
                began = time.perf_counter()
                await asyncio.sleep(0.001)
                gaps.append(time.perf_counter() - began)

        async def main():
            assert "aiohttp" not in sys.modules
            client, gaps = ImagineAsyncClient(*sys.argv[1:]), []
            ticker = asyncio.create_task(ticking(gaps))
            began = time.perf_counter()
            await client.ping()
            took = time.perf_counter() - began
            ticker.cancel()
            assert "aiohttp" in sys.modules
            assert max(gaps) < took / 2, (max(gaps), took)
            await client.close()

        asyncio.run(main())
    """
    run = [sys.executable, "-W", "error", "-c", textwrap.dedent(script), server.endpoint, server.api_key]
    ended = subprocess.run(run, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["silent", "stall;after=2"])
async def test_cancelling_leaks_nothing(client, server, fault):
    """A task that is cancelled in a call or in a stream frees slot and connection."""
    server.faults.script([fault] * 4)

    async def read():
        async for _ in client.chat_stream(HELLO):
            pass

    for _ in range(2):
        tasks = [asyncio.create_task(read()), asyncio.create_task(client.chat(HELLO))]
        sent = len(server.requests)
        await until(lambda: len(server.requests) == sent + 2)  # noqa: B023 - called in this turn of the loop
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, asyncio.CancelledError) for result in ended)
    await until(lambda: server.open_streams == 0)
    server.faults.clear()
    assert (await client.ping()).status == "ok"
    await client.close()
    await until(lambda: server.open_connections == 0)


@pytest.mark.anyio
async def test_a_cancelled_call_is_told_too(server):
    """`on_call` gets the record of a call that was cancelled, once."""
    calls = []
    async with ImagineAsyncClient(server.endpoint, server.api_key, on_call=calls.append) as client:
        server.faults.script(["silent"])
        task = asyncio.create_task(client.chat(HELLO))
        await until(lambda: len(server.requests) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [call.error for call in calls] == ["CancelledError: the call was cancelled"]


@pytest.mark.anyio
async def test_cancelled_waiters_pass_their_turn_on(client, server):
    """Tasks that are cancelled while they wait for a slot do not take it with them."""
    server.faults.script(["delay;seconds=1"] * 2)  # long enough to be seen at two by a busy machine
    calls = [asyncio.create_task(client.usage()) for _ in range(10)]
    await until(lambda: len(server.requests) == 2)
    for call in calls[2:8]:
        call.cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(result, asyncio.CancelledError) for result in results] == [False] * 2 + [True] * 6 + [False] * 2
    await client.close()


def test_debug_shows_the_log_where_there_is_none(server):
    """`IMAGINE_DEBUG` prints calls and bodies on stderr in a program without logging, and the key nowhere."""
    script = (
        "import asyncio, imagine; asyncio.run(imagine.ImagineAsyncClient().chat([{'role': 'user', 'content': 'Hi'}]))"
    )
    environment = {"IMAGINE_API_ENDPOINT": server.endpoint, "IMAGINE_API_KEY": server.api_key, "IMAGINE_DEBUG": "yes"}
    run = [sys.executable, "-c", script]
    ended = subprocess.run(run, env=environment, capture_output=True, text=True, timeout=30, check=True)
    assert "status=200" in ended.stderr
    assert '"content":"Hi"' in ended.stderr
    assert server.api_key not in ended.stderr


def test_a_finished_call_keeps_nothing_of_its_callers_context(client):
    """What a caller has in its context variables is free once its call has ended, however long its limits are."""

    class Session:
        """What a web framework may keep for a request."""

    async def call():
        await client.ping()  # asyncio keeps the context in which a connection is made
        context, session = copy_context(), Session()
        context.run(ContextVar("current").set, session)
        await asyncio.create_task(client.chat(HELLO, timeout=Timeout(connect=5), max_tokens=3), context=context)
        return weakref.ref(session)

    async def use():
        gone = await call()
        await asyncio.sleep(0)  # the loop still holds what woke it up
        gc.collect()
        assert gone() is None
        await client.close()

    asyncio.run(use())
