"""Cassettes: what they record, what they leave out, and how they replay it."""

from __future__ import annotations

import asyncio
import json
import stat
import time

import pytest
from aiohttp import ClientPayloadError, ClientSession
from support.clients import HELLO, behind_face

from imagine import ImagineAPIBadRequestException, ImagineAPITooManyRequestsException, ImagineStreamException
from imagine.server import Raw, Reply
from imagine.server.recording import Cassette

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path):
    """Where the cassette of a test is."""
    return tmp_path / "cassettes" / "test.json"


@pytest.fixture
def client_of(face):
    """Makes clients of a cassette."""
    return lambda cassette, **options: behind_face(
        face, cassette.endpoint, cassette.api_key, **{"max_retries": 0, "proxy": False, **options}
    )


@pytest.fixture
def record(path, server):
    """Makes cassettes that record the server."""
    return lambda **options: Cassette(
        path, **{"mode": "all", "upstream": server.endpoint, "upstream_key": server.api_key, **options}
    )


def exchanges(path):
    return json.loads(path.read_text())["exchanges"]


async def texts(stream):
    return [chunk.first_content async for chunk in stream]


async def test_what_was_recorded_is_replayed(path, server, record, client_of):
    """Every kind of answer comes again, without the server: whole ones, streams, lists, and forms."""

    async def ask(client):
        yield await client.chat(HELLO, max_tokens=5)
        yield await texts(client.chat_stream(HELLO, max_tokens=5))
        yield await client.embeddings(["one", "two"])
        yield await client.transcribe(b"RIFF, but not quite", file_name="a.wav")
        yield await client.get_available_models()
        yield await client.usage(aggregation_duration="1 hour")

    with record() as cassette:
        async with client_of(cassette) as client:
            first = [answer async for answer in ask(client)]
    server.close()
    with Cassette(path, speed=0) as cassette:
        async with client_of(cassette) as client:
            assert [answer async for answer in ask(client)] == first


async def test_a_stream_passes_through_while_it_comes(server, record, client_of):
    """A recording client has the first event before the service has sent the last."""
    server.faults.script(["stall;after=2"])
    with record() as cassette:
        async with client_of(cassette) as client, client.chat_stream(HELLO) as stream:
            assert (await anext(aiter(stream))).choices


@pytest.fixture
def imagine_server_options():
    return {"tokens_per_second": 20, "left_over": "ignore"}


async def test_events_keep_their_times(path, server, record, client_of):
    """A replay takes at least as long as the recording did; at speed 0 it does not wait."""
    server.chat.replies("one two three four five")
    with record() as cassette:
        async with client_of(cassette) as client:
            await texts(client.chat_stream(HELLO))
    seconds = [seconds for seconds, _ in exchanges(path)[0]["answer"]["events"]]
    assert seconds == sorted(seconds)
    assert seconds[-1] - seconds[0] > 0.15
    for speed, least in ((1, seconds[-1]), (2, seconds[-1] / 2), (0, 0)):
        with Cassette(path, speed=speed) as cassette:
            async with client_of(cassette) as client:
                began = time.monotonic()
                assert (await texts(client.chat_stream(HELLO)))[0] == "one"
                assert time.monotonic() - began >= least


async def test_the_same_request_is_answered_in_turn(path, server, record, client_of):
    """The n-th time it gets the n-th answer, retries among them; one time more is an error."""
    server.chat.replies(Reply(fault="status;code=503;retry-after=0"), "one", "two")
    with record() as cassette:
        async with client_of(cassette, max_retries=1) as client:
            assert [(await client.chat(HELLO)).first_content for _ in range(2)] == ["one", "two"]
    assert [exchange["answer"]["status"] for exchange in exchanges(path)] == [503, 200, 200]
    cassette = Cassette(path, speed=0)
    with pytest.raises(AssertionError, match="it was recorded 3 times, and has been asked 4 times"), cassette:
        async with client_of(cassette, max_retries=1) as client:
            assert [(await client.chat(HELLO)).first_content for _ in range(2)] == ["one", "two"]
            with pytest.raises(ImagineAPIBadRequestException, match="recorded 3 times"):
                await client.chat(HELLO)


async def test_a_body_matches_in_any_order(path, record):
    """The order of members, nulls, empty stream options and 1.0 for 1 make no difference."""
    one = {"model": "Llama-3.1-8B", "messages": HELLO, "max_tokens": 3, "stream_options": {}, "seed": None}
    other = {"seed": None, "messages": HELLO, "max_tokens": 3.0, "model": "Llama-3.1-8B"}
    with record() as cassette:
        first = await posted(cassette, one)
    with Cassette(path, speed=0) as cassette:
        assert await posted(cassette, other) == first


async def posted(cassette, body, path="chat/completions", **headers):
    """Post as a client of another make would."""
    headers = {"Authorization": f"Bearer {cassette.api_key}", **headers}
    url = f"{cassette.endpoint}/{path}"
    async with ClientSession(headers=headers) as session, session.post(url, json=body) as answer:
        return await answer.json()


async def test_a_request_that_is_not_recorded_is_an_error(path, record, client_of):
    """Client and test are told what is recorded instead, and how to record anew."""
    with record() as cassette:
        async with client_of(cassette) as client:
            await client.chat(HELLO, max_tokens=3)
    cassette = Cassette(path, speed=0)
    with (
        pytest.raises(AssertionError, match=r"(?s)messages\[0\]\.content is 'Bye', not.*--imagine-record=all"),
        cassette,
    ):
        async with client_of(cassette) as client:
            with pytest.raises(ImagineAPIBadRequestException, match=r"body\.messages\[0\]\.content is 'Bye', not"):
                await client.chat([{"role": "user", "content": "Bye"}], max_tokens=3)
            with pytest.raises(ImagineAPIBadRequestException, match="recorded are POST chat/completions"):
                await client.embeddings("one")


async def test_another_upload_is_another_request(path, record, client_of):
    """Of a file, name and content count, not the boundary between the parts."""
    with record() as cassette:
        async with client_of(cassette) as client:
            await client.transcribe(b"one", file_name="a.wav")
    part = exchanges(path)[0]["request"]["body"]["form"][1]
    assert (part["filename"], part["bytes"]) == ("a.wav", 3)
    cassette = Cassette(path, speed=0)
    with pytest.raises(AssertionError, match="sha256 is"), cassette:
        async with client_of(cassette) as client:
            await client.transcribe(b"one", file_name="a.wav")
            with pytest.raises(ImagineAPIBadRequestException, match="sha256"):
                await client.transcribe(b"two", file_name="a.wav")


async def test_a_stream_that_broke_off_breaks_off_again(path, server, record, client_of):
    """The events that came are delivered, then the cut."""
    server.chat.replies(Reply("one two three", fault="cut-stream;after=2"))
    with record() as cassette:
        async with client_of(cassette) as client:
            with pytest.raises(ImagineStreamException):
                await texts(client.chat_stream(HELLO))
    with Cassette(path, speed=0) as cassette:
        async with client_of(cassette) as client:
            with pytest.raises(ImagineStreamException) as raised:
                await texts(client.chat_stream(HELLO))
    assert raised.value.partial.first_content == "one two"


async def test_an_answer_that_broke_off_breaks_off_again(path, server, record):
    """So does a body that is no stream."""
    server.faults.script(["cut-stream;after=2"])
    with record() as cassette, pytest.raises(ClientPayloadError):
        await posted(cassette, {"model": "Llama-3.1-8B", "messages": HELLO})
    with Cassette(path, speed=0) as cassette, pytest.raises(ClientPayloadError):
        await posted(cassette, {"model": "Llama-3.1-8B", "messages": HELLO})


async def test_a_refusal_is_replayed_with_its_headers(path, server, record, client_of):
    """Status, words and the wait that it asks for come again."""
    server.faults.script(["status;code=429;retry-after=7"])
    for cassette in (record(), lambda: Cassette(path)):
        with cassette if isinstance(cassette, Cassette) else cassette() as running:
            async with client_of(running) as client:
                with pytest.raises(ImagineAPITooManyRequestsException) as raised:
                    await client.chat(HELLO)
        assert raised.value.retry_after == 7


async def test_keys_are_nowhere_in_the_file(path, server, record):
    """Those of service and cassette, and what is named like a secret, are `***`, wherever they stand."""
    server.chat.replies(Reply(f"Your key is {server.api_key}"))
    with record() as cassette:
        body = {
            "model": "Llama-3.1-8B",
            "messages": [{"role": "user", "content": f"{server.api_key} or {cassette.api_key} or of-the-header"}],
            "api_key": "in-the-body",
        }
        headers = {"X-Api-Key": "of-the-header", "Cookie": "session=in-the-cookie"}
        await posted(cassette, body, "chat/completions?api_key=in-the-query&a=1", **headers)
        own_key = cassette.api_key
    written = path.read_text()
    for secret in (server.api_key, own_key, "of-the-header", "in-the-cookie", "in-the-query", "in-the-body"):
        assert secret not in written
    asked = exchanges(path)[0]["request"]
    assert asked["path"] == "chat/completions?a=1&api_key=***"
    assert (asked["headers"]["Authorization"], asked["headers"]["X-Api-Key"]) == ("***", "***")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_key_that_streams_in_pieces_is_nowhere_in_the_file(path, server, record, client_of):
    """A secret that a service repeats token by token is taken out of all its pieces."""
    key = server.api_key
    server.chat.replies(Reply(chunks=["Key: ", key[:9], key[9:17], key[17:], "!"]))
    with record() as cassette:
        async with client_of(cassette) as client:
            await texts(client.chat_stream(HELLO))
    written = path.read_text()
    assert not [piece for piece in (key[:9], key[9:17], key[17:]) if piece in written]
    with Cassette(path, speed=0) as cassette:
        async with client_of(cassette) as client:
            assert "".join(filter(None, await texts(client.chat_stream(HELLO)))) == "Key: ***!"


async def test_the_key_of_the_service_goes_to_no_stranger(server, record):
    """Who does not know the key of the cassette gets nothing by that of the service."""
    with record() as cassette:
        answer = await posted(cassette, {}, Authorization="Bearer guessed")
    assert answer["message"] == "Unauthorized"


async def test_filters_change_what_is_written(path, record, client_of):
    """They see each text, and again when a request is looked up."""
    filters = [lambda text: text.replace("Ada", "NAME")]
    asked = [{"role": "user", "content": "I am Ada"}]
    for make in (lambda: record(filters=filters), lambda: Cassette(path, filters=filters)):
        with make() as cassette:
            async with client_of(cassette) as client:
                await client.chat(asked, max_tokens=3)
    assert "Ada" not in path.read_text()


async def test_recording_anew_keeps_order_and_what_is_unchanged(path, server, record, client_of):
    """Requests stay where they were in the file, and what differs in its times alone is not rewritten."""
    body = b'{"data": [{"embedding": [0.5]}]}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = Raw(head + body)

    async def ask(asked):
        server.faults.script([answer] * len(asked))
        with record() as cassette:
            async with client_of(cassette) as client:
                for text in asked:
                    await client.embeddings(text)
        return path.read_text().removesuffix("\n    }\n  ]\n}\n")

    before = await ask(["one", "two", "three"])
    after = await ask(["new", "three", "one", "two"])
    assert after.startswith(before)
    assert [exchange["request"]["body"]["json"]["input"] for exchange in exchanges(path)][3:] == ["new"]


async def test_concurrent_requests_are_recorded_in_order_of_arrival(path, record, client_of):
    """Each gets its own answer, however they overlap."""
    with record() as cassette:
        async with client_of(cassette) as client:
            await asyncio.gather(*(client.embeddings(f"text {number}") for number in range(10)))
    with Cassette(path, speed=0) as cassette:
        async with client_of(cassette) as client:
            answers = await asyncio.gather(*(client.embeddings(f"text {number}") for number in range(10)))
    assert len({tuple(answer.first_embedding) for answer in answers}) == 10


async def test_once_records_where_there_is_no_file(path, record):
    """With a file, the service is not asked."""
    with record(mode="once") as cassette:
        assert cassette.is_recording
        first = await posted(cassette, {"model": "Llama-3.1-8B", "messages": HELLO, "max_tokens": 3})
    with record(mode="once", upstream="http://127.0.0.1:9", speed=0) as cassette:
        assert not cassette.is_recording
        assert await posted(cassette, {"model": "Llama-3.1-8B", "messages": HELLO, "max_tokens": 3}) == first


async def test_a_service_that_is_not_there_is_told(path, record, client_of):
    """The client sees which, and the failure is not recorded as an answer."""
    with record(upstream="http://127.0.0.1:9/apis/v2") as cassette:
        answer = await posted(cassette, {})
        assert answer["message"].startswith("http://127.0.0.1:9/apis/v2 did not answer:")
    assert exchanges(path) == []


def test_a_block_that_fails_records_nothing(path, record):
    """What was recorded while a test failed is no reference."""
    with pytest.raises(KeyError), record():
        raise KeyError
    assert not path.exists()


def test_a_cassette_that_is_not_there_is_told(path):
    """The message says how to record it."""
    with pytest.raises(FileNotFoundError, match=r"no cassette .*test\.json: record it with mode='once'"):
        Cassette(path)


@pytest.mark.parametrize("content", ["{", '{"version": 1}', '{"version": 2, "exchanges": []}'])
def test_a_file_that_is_no_cassette_is_told(path, content):
    """The message says what it is, and what to do."""
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(ValueError, match=r"test\.json is .*record it anew with mode='all'"):
        Cassette(path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "some"}, "mode must be 'none', 'once' or 'all', not 'some'"),
        ({"speed": -1}, "speed must be 0 for no pauses"),
        ({"mode": "once"}, "give upstream=, the endpoint of the service, or set IMAGINE_API_ENDPOINT"),
        ({"mode": "once", "upstream": "host/apis"}, "upstream must be a URL such as"),
        ({"mode": "once", "upstream": "https://a:b@host"}, "without a login"),
    ],
)
def test_bad_options_are_refused(path, options, words, monkeypatch):
    """Before anything is recorded."""
    monkeypatch.delenv("IMAGINE_API_ENDPOINT", raising=False)
    with pytest.raises(ValueError, match=words):
        Cassette(path, **options)


async def test_the_environment_names_the_service(path, imagine_environment):
    """Without `upstream=`, endpoint and key are those that clients read; its key goes to no other endpoint."""
    body = {"model": "Llama-3.1-8B", "messages": HELLO, "max_tokens": 3}
    with Cassette(path, "all") as cassette:
        assert (await posted(cassette, body))["choices"]
    with Cassette(path, "all", upstream=imagine_environment.endpoint) as cassette:
        assert (await posted(cassette, body))["message"] == "Unauthorized"
