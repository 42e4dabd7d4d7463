"""Programs with a blocking client: how they end, are interrupted, fork, and what they load."""

from __future__ import annotations

import asyncio
import time

import pytest
from support.clients import until
from support.programs import STAMP, Program, run

STRICT = ("-X", "dev", "-W", "error")
SOON = 10.0
"""Seconds within which even a busy machine ends a program; what it must not wait for takes a minute."""


@pytest.fixture(autouse=True)
def server(imagine_environment):
    """The server that programs call: its address is in their environment."""
    return imagine_environment


def wait_until(condition):
    """Wait until something that happens on its own has happened."""
    asyncio.run(until(condition))


ENDINGS = {
    "without a call": "client = ImagineClient()",
    "after a call": "client = ImagineClient(); client.ping()",
    "after close": "client = ImagineClient(); client.ping(); client.close()",
    "in a stream": "client = ImagineClient(); stream = client.chat_stream(HELLO); next(stream)",
    "in a loop over a stream": """
        client = ImagineClient()
        for chunk in client.chat_stream(HELLO):
            break
    """,
    "with a cycle": "client = ImagineClient(); client.stream = client.chat_stream(HELLO); next(client.stream)",
    "with readers in daemon threads": """
        client = ImagineClient()
        def read(begun):
            stream = client.chat_stream(HELLO)
            next(stream)
            begun.set()
            stream.final()
        for begun in [threading.Event() for _ in range(3)]:
            threading.Thread(target=read, args=(begun,), daemon=True).start()
            begun.wait()
    """,
    "with callers in daemon threads": """
        client, begun = ImagineClient(), threading.Barrier(9)
        def call():
            client.ping()
            begun.wait()
            while True:
                client.ping()
        for _ in range(8):
            threading.Thread(target=call, daemon=True).start()
        begun.wait()
    """,
    "with a finalizer that closes": """
        class Application:
            def __init__(self):
                self.client = ImagineClient()
                self.client.ping()
            def __del__(self):
                self.client.close()
        application = Application()
    """,
    "with a callback that hangs": """
        begun = threading.Event()
        client = ImagineClient(on_call=lambda _: (begun.set(), time.sleep(60)))
        threading.Thread(target=client.ping, daemon=True).start()
        begun.wait()
    """,
    "with calls at exit": """
        import atexit
        client = ImagineClient()
        atexit.register(lambda: (client.ping(), client.close()))
        client.ping()
    """,
}


@pytest.mark.parametrize("code", ENDINGS.values(), ids=ENDINGS)
def test_a_program_just_ends(server, code):
    """However a program leaves its client, it ends with status 0, silent and soon, and the server is rid of it."""
    if "stream" in code:
        server.faults.script(["stall;after=2"] * 3)
    ended = run(code, *STRICT)
    assert (ended.status, ended.errors) == (0, "")
    assert ended.seconds < SOON
    wait_until(lambda: server.open_connections == 0)


@pytest.mark.parametrize("flags", [(), STRICT], ids=["plain", "strict"])
@pytest.mark.parametrize("ending", ["1 / 0", "sys.exit(3)"])
def test_a_program_ends_by_an_exception(server, ending, flags):
    """An exception in the middle of a stream shows its own traceback and nothing else, and the end comes as soon."""
    server.faults.script(["stall;after=2"])
    ended = run(
        f"""
        client = ImagineClient()
        def main():
            for chunk in client.chat_stream(HELLO):
                {STAMP.strip()}
                {ending}
        main()
        """,
        *flags,
    )
    assert ended.status == (3 if "exit" in ending else 1)
    assert ended.errors.count("Traceback") == ended.errors.count("ZeroDivisionError: ") == int("/" in ending)
    assert "imagine" not in ended.errors
    assert ended.seconds < SOON
    wait_until(lambda: server.open_connections == 0)


def test_other_threads_go_on_after_the_main_one(server):
    """A thread that is no daemon makes calls, also to a host it has to look up, after the main thread has ended."""
    ended = run(
        """
        def work(main):
            main.join()
            endpoint = os.environ["IMAGINE_API_ENDPOINT"].replace("127.0.0.1", "localhost")
            with ImagineClient(endpoint, proxy=False) as other:
                print(client.ping().message, other.ping().message)

        client = ImagineClient()
        client.ping()
        threading.Thread(target=work, args=(threading.main_thread(),)).start()
        """
    )
    assert (ended.status, ended.printed, ended.errors) == (0, ["pong pong"], "")


INTERRUPTED = {
    "in a call": ("silent", "client.chat(HELLO)"),
    "in the wait for a stream": ("silent", "[*client.chat_stream(HELLO)]"),
    "between two chunks": ("stall;after=2", "[*client.chat_stream(HELLO)]"),
    "in the answer as a whole": ("stall;after=2", "client.chat_stream(HELLO).final()"),
    "in the loop's body": ("stall;after=2", "for chunk in client.chat_stream(HELLO): time.sleep(60)"),
    "in a with": ("stall;after=2", "with client.chat_stream(HELLO) as stream: next(stream); time.sleep(60)"),
    "in a wait for a slot": ("stall;after=2", "stream = client.chat_stream(HELLO); next(stream); client.chat(HELLO)"),
}


@pytest.mark.parametrize(("fault", "code"), INTERRUPTED.values(), ids=INTERRUPTED)
def test_ctrl_c_stops_at_once(server, fault, code):
    """Ctrl-C gets through soon, the server sees the connection close, and the client goes on."""
    server.faults.script([None, fault])
    with Program(
        f"""
        client = ImagineClient(max_concurrent_requests=1)
        client.ping()
        try:
            {code}
        except KeyboardInterrupt:
            print(time.monotonic(), flush=True)
        stream = None
        print(client.ping().message, flush=True)
        sys.stdin.read()
        """
    ) as program:
        wait_until(lambda: len(server.requests) == 2 and (server.open_streams == 1 or fault == "silent"))
        interrupted = time.monotonic()
        program.interrupt()
        wait_until(lambda: len(server.requests) == 3)
        wait_until(lambda: server.open_connections == 1)
        ended = program.end()
    assert (ended.status, ended.printed[1:], ended.errors) == (0, ["pong"], "")
    assert float(ended.printed[0]) - interrupted < SOON


def test_a_signal_that_another_thread_is_given_stops_a_call(server):
    """A signal that does not wake the main thread from its wait, as just before it falls asleep, still gets through."""
    server.faults.script(["silent"])
    with Program(
        """
        def interrupt():
            sys.stdin.readline()
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            ImagineClient().chat(HELLO)
        except KeyboardInterrupt:
            print("stopped")
        """
    ) as program:
        wait_until(lambda: len(server.requests) == 1)
        ended = program.end()
    assert (ended.status, ended.printed, ended.errors) == (0, ["stopped"], "")


def test_ctrl_c_at_any_moment_leaves_nothing_behind(server):
    """Wherever interrupts hit calls and streams, slots and connections come back, and nothing is said of it."""
    ended = run(
        """
        import random

        def report(unraisable):
            if unraisable.exc_type is not KeyboardInterrupt:  # Python drops those that hit a finalizer
                sys.__unraisablehook__(unraisable)

        def use(number):
            while True:
                if number % 3 == 0:
                    client.ping()
                elif number % 3 == 1:
                    list(client.chat_stream(HELLO, max_tokens=20))
                else:
                    client.chat_stream(HELLO, max_tokens=20).final()

        sys.unraisablehook = report
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        client = ImagineClient(max_concurrent_requests=2, slot_timeout=5)
        client.ping()
        for number in range(90):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.01 * random.random(), 0.5)
                use(number)
            except KeyboardInterrupt:
                signal.setitimer(signal.ITIMER_REAL, 0)
        with client.chat_stream(HELLO) as one, client.chat_stream(HELLO) as other:
            print(next(one) and next(other) and "both slots are free")
        """
    )
    assert (ended.status, ended.printed, ended.errors) == (0, ["both slots are free"], "")


FORK = """
    import warnings
    warnings.simplefilter("ignore", DeprecationWarning)  # fork beside threads, of which there is always one here
    def in_child(work):
        if pid := os.fork():
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        try:
            work()
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        sys.stdout.flush()
        END
    client = ImagineClient(max_concurrent_requests=2)
"""


@pytest.mark.parametrize("end", ["sys.exit(0)", "os._exit(0)"])
def test_a_forked_child_has_its_own_connections(server, end):
    """Parent and child go on with one client: the child with its own slots and connections, the parent undisturbed."""
    server.faults.script(["slow-drip;size=200;seconds=0.02"] * 2)
    ended = run(
        FORK.replace("END", end)
        + """
    streams = [client.chat_stream(HELLO, max_tokens=10) for _ in range(2)]
    first = [next(stream) for stream in streams]
    def work():
        assert client.ping().message == "pong"
        assert len([*client.chat_stream(HELLO, max_tokens=5)]) == 5
        client.close()
    print(in_child(work), in_child(work))
    print([len([*stream]) for stream in streams])
    print(client.ping().message)
        """
    )
    assert (ended.status, ended.printed, ended.errors) == (0, ["0 0", "[9, 9]", "pong"], "")
    wait_until(lambda: server.open_connections == 0)


def test_a_stream_stays_with_the_process_that_opened_it(server):
    """A forked child that reads its parent's stream is told so; closing it there does not touch the parent's."""
    server.faults.script(["slow-drip;size=200;seconds=0.02"])
    ended = run(
        FORK.replace("END", "sys.exit(0)")
        + """
    stream = client.chat_stream(HELLO, max_tokens=10)
    next(stream)
    def work():
        client.ping()
        try:
            list(stream)
        except ImagineException as error:
            print(error)
        stream.close()
    print(in_child(work))
    print(stream.final().choices[0].finish_reason)
        """
    )
    assert ended.printed[0].startswith("this Stream was begun in another process")
    assert (ended.status, ended.printed[1:], ended.errors) == (0, ["0", "length"], "")


def test_a_child_forked_before_the_first_call_is_on_its_own(server):
    """A client that was not used yet is used by the child and then by the parent."""
    ended = run(FORK.replace("END", "sys.exit(0)") + "\n    print(in_child(client.ping), client.ping().message)")
    assert (ended.status, ended.printed, ended.errors) == (0, ["0 pong"], "")


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_a_pool_share_a_client(server, method, tmp_path):
    """A client goes into the processes of `multiprocessing`, by fork or pickled, after it was used in the parent."""
    (tmp_path / "work.py").write_text("def ask(client):\n    return client.ping().message\n")
    ended = run(
        f"""
        import multiprocessing, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        sys.path.insert(0, {str(tmp_path)!r})
        import work
        client = ImagineClient()
        client.ping()
        with multiprocessing.get_context({method!r}).Pool(3) as pool:
            print(*pool.map(work.ask, [client] * 4))
        print(client.ping().message)
        """
    )
    assert (ended.status, ended.printed, ended.errors) == (0, ["pong pong pong pong", "pong"], "")


def test_a_module_may_call_while_it_is_imported(server, tmp_path):
    """Calls and streams work at import time, in a class body, and in a thread that the importing one waits for."""
    (tmp_path / "settings.py").write_text(
        """
import threading
from imagine import ImagineClient

client = ImagineClient()

class Settings:
    message = client.ping().message
    words = [chunk.first_content for chunk in client.chat_stream([{"role": "user", "content": "Hi"}], max_tokens=3)]

thread = threading.Thread(target=client.ping)
thread.start()
thread.join()
"""
    )
    ended = run(f"sys.path.insert(0, {str(tmp_path)!r})\nfrom settings import Settings\nprint(len(Settings.words))")
    assert (ended.status, ended.printed, ended.errors) == (0, ["3"], "")


def test_nothing_is_loaded_or_started_before_the_first_call(server):
    """Clients that are made, derived, copied and closed cost no thread, and neither aiohttp nor anyio."""
    ended = run(
        """
        import copy
        for _ in range(100):
            with ImagineClient() as client:
                client.with_options(max_retries=0)
                copy.deepcopy(client)
        client = ImagineClient()
        print(threading.active_count(), {"aiohttp", "anyio", "tenacity"} & set(sys.modules))
        client.ping()
        print(threading.active_count())
        """
    )
    assert ended.printed == ["1 set()", "2"]
