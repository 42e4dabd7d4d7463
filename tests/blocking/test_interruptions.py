"""What comes in between: Ctrl-C at any step, calls from finalizers and signal handlers, loops that are stuck."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.clients import HELLO, until
from support.programs import run

import imagine._blocking.client
import imagine._http.sessions
from imagine import ImagineAsyncClient, ImagineClient

SERVING = ("imagine/_blocking/", "imagine\\_blocking\\", "threading.py")
"""Parts of the paths of the files in whose lines Ctrl-C is pressed."""


@contextlib.contextmanager
def ctrl_c_at(step):
    """Raise KeyboardInterrupt in this thread at one of the lines of what serves blocking calls."""
    steps = itertools.count()

    def trace(frame, event, _):
        if not any(part in frame.f_code.co_filename for part in SERVING):
            return None
        if event == "line" and next(steps) == step:
            sys.settrace(None)
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield steps
    finally:
        sys.settrace(before)


def test_ctrl_c_in_one_thread_is_nothing_to_the_others(server):
    """Whichever line it hits in a call, another thread's stream goes on, served by the same thread as before."""
    with ImagineClient(server.endpoint, server.api_key) as client, ThreadPoolExecutor(1) as threads:
        server.faults.script(["slow-drip;size=200;seconds=0.02"])
        stream = client.chat_stream(HELLO, max_tokens=50)
        next(stream)
        reader = threads.submit(stream.final)
        interrupts = 0
        for step in itertools.count():
            try:
                with ctrl_c_at(step):
                    client.ping()
            except KeyboardInterrupt:
                interrupts += 1
            else:
                break
        assert interrupts > 10
        assert reader.result(30).first_content == client.chat(HELLO, max_tokens=50).first_content
        assert client.ping().status == "ok"
    assert [thread.name for thread in threading.enumerate()].count("imagine-portal") == 1


@pytest.mark.parametrize(
    "module",
    ["imagine._http.transport", "imagine._http.connector", "aiohttp", "anyio.from_thread", "anyio._backends._asyncio"],
)
@pytest.mark.usefixtures("imagine_environment")
def test_a_call_in_the_middle_of_the_first_one_is_refused(module):
    """A finalizer or signal handler that calls while the first call imports is told so; the first call goes on."""
    ended = run(
        f"""
        class Interruption:
            def find_spec(self, name, path, target=None):
                if name == {module!r}:
                    sys.meta_path.remove(self)
                    try:
                        client.ping()
                    except ImagineException as error:
                        print(str(error)[:30])

        client = ImagineClient()
        sys.meta_path.insert(0, Interruption())
        print(client.ping().message)
        print(client.ping().message)
        """
    )
    assert (ended.status, ended.errors) == (0, "")
    assert ended.printed[0] in ("a call from a finalizer or a s", "a blocking call from a finaliz")
    assert ended.printed[1:] == ["pong", "pong"]


@pytest.mark.parametrize("name", ["ImagineAsyncClient", "ChatMessage"])
def test_a_name_first_asked_for_at_the_very_end_is_refused(name):
    """A finalizer that runs when nothing can be imported any more is told so, in words of ours."""
    ended = run(
        f"""
        class Late:
            def __del__(self):
                try:
                    imagine.{name}
                except ImagineException as error:
                    os.write(2, str(error).encode())

        import imagine
        late = sys.modules["late"] = Late()
        late.itself = late
        """
    )
    assert ended.errors == f"the interpreter is ending: imagine.{name} cannot be loaded any more, import it before"


@pytest.mark.usefixtures("imagine_environment")
def test_what_cannot_be_imported_is_an_error_of_ours():
    """A broken installation is told by the first call, in words, and its cause is the ImportError."""
    ended = run(
        """
        client = ImagineClient()
        sys.modules["aiohttp"] = None
        try:
            client.ping()
        except ImagineException as error:
            print(str(error)[:37], isinstance(error.__cause__, ImportError))
        """
    )
    assert (ended.printed, ended.errors) == (["what calls need could not be imported True"], "")


@pytest.mark.usefixtures("imagine_environment")
def test_a_first_call_at_exit_is_made_or_refused_in_words():
    """A client that is first used while the interpreter ends raises ImagineException where it cannot work."""
    ended = run(
        """
        import asyncio, atexit
        from imagine import ImagineAsyncClient

        def use():
            for call in (lambda: asyncio.run(ImagineAsyncClient().ping()), ImagineClient().ping):
                try:
                    print(call().message)
                except ImagineException as error:
                    print("refused", error)

        atexit.register(use)
        """
    )
    assert (ended.status, ended.errors) == (0, "")
    assert len(ended.printed) == 2
    assert all(line == "pong" or line.startswith("refused no thread could be started") for line in ended.printed)


@pytest.mark.usefixtures("imagine_environment")
def test_uvloop_is_left_alone_where_threads_are_greenlets():
    """Under gevent's patches blocking calls and streams work, with the extra `speedups` too."""
    ended = run(
        """
        from gevent import monkey
        monkey.patch_all()
        with ImagineClient() as client:
            print(client.ping().message, len([*client.chat_stream(HELLO, max_tokens=3)]))
        """
    )
    assert (ended.status, ended.printed, ended.errors) == (0, ["pong 3"], "")


def test_close_does_not_wait_for_a_callback_that_hangs(server, monkeypatch, caplog):
    """`close` leaves a stuck thread behind after a moment, says so, and what it asked for is done in the end."""
    monkeypatch.setattr(imagine._blocking.client, "CLOSE_SECONDS", 0.05)
    stuck, go_on = threading.Event(), threading.Event()

    def hang(_):
        stuck.set()
        assert go_on.wait(30)

    client = ImagineClient(server.endpoint, server.api_key, on_call=hang)
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(client.ping)
        assert stuck.wait(30)
        client.close()
        assert not go_on.is_set()
        go_on.set()
        call.result(30)
    assert "the thread that serves all calls is stuck" in caplog.text
    asyncio.run(until(lambda: server.open_connections == 0))


def test_close_does_not_wait_for_a_loop_that_is_stuck(server, monkeypatch, caplog):
    """The same holds for the async client and a loop of another thread."""
    monkeypatch.setattr(imagine._http.sessions, "CLOSE_SECONDS", 0.05)
    stuck, go_on = threading.Event(), threading.Event()
    client = ImagineAsyncClient(server.endpoint, server.api_key)

    async def hang():
        await client.ping()
        stuck.set()
        assert go_on.wait(30)

    thread = threading.Thread(target=asyncio.run, args=(hang(),))
    thread.start()
    assert stuck.wait(30)
    asyncio.run(client.close())
    go_on.set()
    thread.join()
    assert "an event loop of another thread is stuck" in caplog.text
    asyncio.run(until(lambda: server.open_connections == 0))


def test_loops_of_many_threads_come_and_go(server):
    """One async client serves threads that each run one call in a loop of its own, and forgets their loops."""
    client, interval = ImagineAsyncClient(server.endpoint, server.api_key), sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(12) as threads:
            answers = [threads.submit(lambda: asyncio.run(client.ping())) for _ in range(400)]
            assert {answer.result(30).status for answer in answers} == {"ok"}
    finally:
        sys.setswitchinterval(interval)
    asyncio.run(client.close())
