"""Calls seen from outside: what `CallInfo` tells of each, how it ended, and where `on_call=` runs."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from contextvars import ContextVar, copy_context

import pytest
from support.clients import HELLO, until
from support.programs import Program

from imagine import ImagineAsyncClient, ImagineException, ImagineStreamException, ImagineTimeoutException
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

WITH_USAGE = {"stream_options": {"include_usage": True}}


@pytest.fixture
def calls():
    """What `on_call` was given."""
    return []


@pytest.fixture
async def client(make_client, calls):
    """A client whose calls are noted."""
    return await make_client(max_retries=0, on_call=calls.append)


@pytest.fixture
async def async_client(server, calls):
    """One for tests of tasks."""
    async with ImagineAsyncClient(server.endpoint, server.api_key, max_retries=0, on_call=calls.append) as client:
        yield client


async def test_an_answer_and_a_stream_that_came_whole_are_complete(client, calls):
    """The outcome is None while a stream runs, and "complete" once its end was read."""
    await client.chat(HELLO, max_tokens=3)
    stream = client.chat_stream(HELLO, max_tokens=3)
    running = [stream.call.outcome async for _ in stream]
    assert set(running) == {None}
    assert [(call.outcome, call.error, call.choices_finished) for call in calls] == [("complete", None, 1)] * 2
    assert stream.call == calls[1]


async def broken_off(_client, stream):
    """Leave a loop, and the stream with it."""
    async for _ in stream:
        break


async def closed(_client, stream):
    """Close it before its end."""
    await broken_off(_client, stream)
    await stream.aclose()


async def left_by_with(_client, stream):
    """Leave the block that closes it."""
    async with stream:
        await broken_off(_client, stream)


async def left_by_error(_client, stream):
    """Fail while it is open."""
    with contextlib.suppress(LookupError):
        async with stream:
            async for _ in stream:
                raise LookupError


async def left_before_the_client_is_closed(client, stream):
    """Drop it in the moment in which all ends."""
    await broken_off(client, stream)
    await client.close()


LEAVING = [broken_off, closed, left_by_with, left_by_error, left_before_the_client_is_closed]


@pytest.mark.parametrize("leave", LEAVING, ids=lambda leave: leave.__name__)
async def test_a_stream_left_before_its_end_is_told_so(client, server, calls, leave):
    """However a stream is left, its outcome is "left", once, and it is no failure."""
    server.faults.script(["stall;after=2"])
    await leave(client, client.chat_stream(HELLO))
    await until(lambda: calls)
    assert [(call.outcome, call.error, call.choices_finished) for call in calls] == [("left", None, 0)]


async def test_what_a_left_stream_had_finished_is_counted(client, calls):
    """A stream left after its last finish reason, before its end, has had whole choices."""
    async with client.chat_stream(HELLO, max_tokens=3) as stream:
        async for chunk in stream:
            if chunk.choices[0].finish_reason:
                break
    await until(lambda: calls)
    assert [(call.outcome, call.choices_finished) for call in calls] == [("left", 1)]


async def test_a_stream_closed_while_it_opens_is_left(client, server, calls):
    """`stream.call` is there from when the request is under way."""
    server.faults.script(["silent"])
    stream = client.chat_stream(HELLO)
    reader = asyncio.create_task(broken_off(client, stream))
    await until(lambda: len(server.requests) == 1)
    assert (stream.call.outcome, len(stream.call.attempts)) == (None, 1)
    await stream.aclose()
    await reader
    assert [(call.outcome, call.error) for call in calls] == [("left", None)]
    assert stream.call == calls[0]


def test_a_stream_that_outlives_its_loop_is_left(server, calls):
    """It is told once it is dropped, although no loop is there any more."""

    async def begin():
        async with ImagineAsyncClient(server.endpoint, server.api_key, on_call=calls.append) as client:
            stream = client.chat_stream(HELLO)
            await broken_off(client, stream)
            return stream

    stream = asyncio.run(begin())
    assert (stream.call.outcome, calls) == (None, [])
    del stream
    asyncio.run(until(lambda: calls))
    assert [(call.outcome, call.error) for call in calls] == [("left", None)]


async def test_a_stream_whose_client_was_closed_has_failed(client, server, calls):
    """Who reads on after that is given an error, and so is the record."""
    server.faults.script(["stall;after=2"])
    stream = client.chat_stream(HELLO)
    await broken_off(client, stream)
    await client.close()
    with pytest.raises(ImagineStreamException, match="client was closed") as caught:
        await stream.final()
    assert [call.outcome for call in calls] == ["failed"]
    assert calls == [caught.value.call]


def is_served(server, fault):
    """Tell whether a request has come so far that its fault holds it up."""
    return len(server.requests) == 1 and (fault == "silent" or server.open_streams == 1)


async def asks(client):
    """Wait for an answer."""
    await client.chat(HELLO)


async def reads(client):
    """Wait for a chunk."""
    async for _ in client.chat_stream(HELLO):
        pass


async def works(client):
    """Do something with a chunk."""
    async with client.chat_stream(HELLO) as stream:
        async for _ in stream:
            await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("fault", "use"),
    [("silent", asks), ("silent", reads), ("stall;after=2", reads), ("stall;after=2", works)],
    ids=["in a call", "in the opening of a stream", "between two chunks", "in the body of a with"],
)
async def test_a_cancelled_task_is_told_from_one_that_leaves(async_client, server, calls, fault, use):
    """The outcome of a call or stream whose task was cancelled is "cancelled"."""
    server.faults.script([fault])
    task = asyncio.create_task(use(async_client))
    await until(functools.partial(is_served, server, fault))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(call.outcome, call.error) for call in calls] == [("cancelled", "CancelledError: the call was cancelled")]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("silent", "client.chat(HELLO)"),
        ("silent", "client.chat_stream(HELLO).final()"),
        ("stall;after=2", "client.chat_stream(HELLO).final()"),
        ("stall;after=2", "with client.chat_stream(HELLO) as stream: next(stream); time.sleep(60)"),
    ],
    ids=["in a call", "in the opening of a stream", "between two chunks", "in the body of a with"],
)
@pytest.mark.usefixtures("imagine_environment")
def test_ctrl_c_is_a_cancellation(server, fault, code):
    """The outcome of a blocking call or stream in which Ctrl-C was pressed is "cancelled", too."""
    server.faults.script([fault])
    with Program(
        f"""
        client = ImagineClient(on_call=lambda call: print(call.path, call.outcome, flush=True))
        try:
            {code}
        except KeyboardInterrupt:
            client.ping()
        """
    ) as program:
        asyncio.run(until(functools.partial(is_served, server, fault)))
        program.interrupt()
        ended = program.end()
    assert (ended.printed, ended.errors) == (["chat/completions cancelled", "ping complete"], "")


async def test_a_failure_is_told_with_what_had_come(client, server, calls):
    """A cut stream has failed, and its record counts the choices that were whole."""
    choice = '{{"index":{},"delta":{{"content":"a"}},"finish_reason":{}}}'
    events = [f'data: {{"choices":[{choice.format(*one)}]}}\n\n'.encode() for one in [(0, '"stop"'), (1, "null")]]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    server.faults.script([Raw([head, *events])])
    with pytest.raises(ImagineStreamException) as caught:
        await client.chat_stream(HELLO).final()
    assert [(call.outcome, call.choices_finished) for call in calls] == [("failed", 1)]
    assert calls == [caught.value.call]


async def test_a_file_that_cannot_be_sent_fails_its_call(client, calls, tmp_path):
    """What is found out about a file after the call has begun is told, as an error of any class."""
    with pytest.raises(ValueError, match="folder"):
        await client.transcribe(tmp_path)
    call = calls[0]
    assert (call.outcome, call.attempts, call.error.partition(":")[0]) == ("failed", (), "ValueError")


async def test_a_wait_that_ends_in_an_error_is_told(make_client, server, calls):
    """A call that got no slot in time has been queued for as long as it waited, and was never sent."""
    client = await make_client(max_concurrent_requests=1, slot_timeout=0.2, on_call=calls.append)
    server.faults.script(["stall;after=1"])
    async with client.chat_stream(HELLO) as stream:
        await broken_off(client, stream)
        with pytest.raises(ImagineTimeoutException, match="slot_timeout"):
            await client.usage()
    call = calls[0]
    assert (call.path, call.outcome, call.attempts) == ("usage", "failed", ())
    assert 0.1 < call.seconds_queued <= call.seconds_total


ASKED = [
    (lambda client: client.chat(HELLO, "mine"), "mine"),
    (lambda client: client.chat(HELLO, "mine", extra_body={"model": "other"}), "other"),
    (lambda client: client.chat_stream(HELLO, "mine").final(), "mine"),
    (lambda client: client.embeddings("a", model="mine"), "mine"),
    (lambda client: client.transcribe(b"a", model="mine"), "mine"),
    (lambda client: client.request("POST", "chat/completions", json={"model": "mine"}), "mine"),
    (lambda client: client.request("POST", "chat/completions"), None),
    (lambda client: client.ping(), None),
]


@pytest.mark.parametrize(("ask", "model"), ASKED)
async def test_the_model_is_the_one_asked_for(client, calls, ask, model):
    """It is what the service saw, whether it knows it or not; None where the request names none."""
    with contextlib.suppress(ImagineException):
        await ask(client)
    assert [call.model for call in calls] == [model]


async def test_the_usage_is_that_of_the_answer(client, calls):
    """Answers that report tokens have them in their record; without choices, no number of them is finished."""
    chat = await client.chat(HELLO, max_tokens=3)
    vectors = await client.embeddings(["a", "b"])
    await client.get_available_models()
    await client.images_generate_stream("sun", size="16x16").final()
    assert [call.usage for call in calls] == [chat.usage, vectors.usage, None, None]
    assert [call.choices_finished for call in calls] == [1, None, None, None]


@pytest.mark.parametrize("fold", [True, False])
async def test_the_usage_is_that_of_the_stream(client, calls, fold):
    """A stream's is what came last, also where nothing is kept; the choices are counted meanwhile."""
    stream = client.chat_stream(HELLO, max_tokens=3, fold=fold, **WITH_USAGE)
    chunks = [chunk async for chunk in stream]
    assert calls[0].usage == chunks[-1].usage
    assert (calls[0].usage.completion_tokens, calls[0].choices_finished) == (3, 1)


async def test_a_stream_is_told_in_the_context_in_which_it_was_made(make_client):
    """Whoever reads or closes it, `on_call` sees the context variables of who made it."""
    user = ContextVar("user", default=None)
    seen = []
    client = await make_client(on_call=lambda call: seen.append((user.get(), call.outcome)))
    streams = []
    for name in ("one", "other"):
        context = copy_context()
        context.run(user.set, name)
        streams.append(context.run(client.chat_stream, HELLO, max_tokens=3))
    user.set("reader")
    await streams[0].final()
    await closed(client, streams[1])
    await until(lambda: len(seen) == 2)
    assert seen == [("one", "complete"), ("other", "left")]


async def test_a_call_is_told_in_the_context_of_its_task(async_client, server, calls):
    """What `on_call` sets there is seen by who made the call, good or failed."""
    told = ContextVar("told")
    client = async_client.with_options(on_call=lambda call: told.set(call.outcome))
    await client.ping()
    assert told.get() == "complete"
    server.faults.script(["status;code=404"])
    with pytest.raises(ImagineException):
        await client.ping()
    assert (told.get(), calls) == ("failed", [])


async def test_what_the_callback_raises_is_logged_alone(make_client, caplog):
    """Calls and streams are what they are without it."""

    def fail(call):
        raise LookupError(call.outcome)

    client = await make_client(on_call=fail)
    assert (await client.ping()).status == "ok"
    assert (await client.chat_stream(HELLO, max_tokens=3).final()).first_content
    told = [record.exc_info for record in caplog.records if record.levelno >= logging.WARNING]
    assert [error.args for _, error, _ in told] == [("complete",)] * 2


async def coroutine_function(call):
    """Be awaited by nobody."""


async def generator_function(call):
    """Be iterated by nobody."""
    yield call


class Callback:
    """An object that can be called."""

    async def __call__(self, call):
        """Be awaited by nobody."""


@pytest.mark.parametrize(
    "callback",
    [
        coroutine_function,
        generator_function,
        Callback(),
        Callback().__call__,
        functools.partial(coroutine_function),
        functools.partial(functools.partial(Callback())),
    ],
)
async def test_an_async_callback_is_refused(make_client, callback):
    """Nobody would await it: the client is not made."""
    with pytest.raises(TypeError, match="on_call must not be async"):
        await make_client(on_call=callback)
