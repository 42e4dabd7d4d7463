"""Streams: what comes out, how they end, how they are left."""

from __future__ import annotations

import asyncio
import gzip

import pytest
from support.clients import HELLO, until

import imagine
from imagine import ImagineException, ImagineStreamErrorException, ImagineStreamException, Timeout
from imagine.server.faults import Raw

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def event(text="", finish="null", index=0):
    """One chunk on the wire."""
    choice = f'{{"index":{index},"delta":{{"content":"{text}"}},"finish_reason":{finish}}}'
    return f'data: {{"id":"c","choices":[{choice}]}}\n\n'.encode()


def raw(*body, head=HEAD, then="close"):
    """An answer in these bytes."""
    return Raw([head, *body], then=then)


async def test_chunks_come_in_order_and_fold_into_the_answer(client):
    """The chunks' texts joined are the text of `final()`, of `stream.text`, and of the unary answer."""
    stream = client.chat_stream(HELLO, max_tokens=20)
    texts = [chunk.first_content or "" async for chunk in stream]
    whole = await client.chat(HELLO, max_tokens=20)
    final = await stream.final()
    assert len(texts) > 5
    assert "".join(texts) == stream.text == final.first_content == whole.first_content
    assert final.choices[0].finish_reason == whole.choices[0].finish_reason
    assert (final.object, final.model) == (whole.object, whole.model)


async def test_completion_chunks_fold_too(client):
    """A completion stream folds into a CompletionResponse."""
    stream = client.completion_stream("Once upon", max_tokens=5)
    texts = [chunk.first_content or "" async for chunk in stream]
    final = await stream.final()
    assert isinstance(final, imagine.CompletionResponse)
    assert final.first_text == "".join(texts) == stream.text
    assert final.choices[0].finish_reason == "length"


async def test_images_fold_into_one_answer(client):
    """An image stream's final answer has the images of all its events, with absolute addresses."""
    stream = client.images_generate_stream("sun", n=3, size="16x16", response_format="url")
    events = [event async for event in stream]
    final = await stream.final()
    assert [len(event.data) for event in events] == [1, 1, 1]
    assert [image.url for image in final.data] == [event.data[0].url for event in events]
    assert all(image.url.startswith("http://127.0.0.1:") for image in final.data)
    assert stream.text == ""


async def test_usage_comes_only_when_asked_for(client):
    """`include_usage` adds a last chunk without choices, whose usage is in the final answer."""
    plain = await client.chat_stream(HELLO, max_tokens=5).final()
    counted = await client.chat_stream(HELLO, max_tokens=5, stream_options={"include_usage": True}).final()
    assert plain.usage is None
    assert counted.usage.completion_tokens == 5


async def test_tool_calls_are_merged_by_index(client, server):
    """Pieces of two tool calls that alternate become two whole calls."""
    server.faults.script(["tool-calls"])
    message = (await client.chat_stream(HELLO).final()).choices[0].message
    assert message.content is None
    assert len(message.tool_calls) == 2
    for call in message.tool_calls:
        assert call.function.name
        assert call.function.arguments.startswith("{")
        assert call.function.arguments.endswith("}")
        assert call.id


async def test_tool_calls_without_index_are_told_apart_by_id(client, server):
    """A server that sends no index starts a new call with a new id, and goes on with the last one without."""
    deltas = [
        '{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{"}}]}',
        '{"tool_calls":[{"function":{"arguments":"}"}}]}',
        '{"tool_calls":[{"id":"b","type":"function","function":{"name":"g"}}]}',
        '{"tool_calls":[{"function":{"arguments":"[]"}}],"reasoning_content":"why"}',
    ]
    events = [b'data: {"choices":[{"delta":%s}]}\n\n' % delta.encode() for delta in deltas]
    server.faults.script([raw(*events, b"data: [DONE]\n\n")])
    message = (await client.chat_stream(HELLO).final()).choices[0].message
    assert [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls] == [
        ("a", "f", "{}"),
        ("b", "g", "[]"),
    ]
    assert message.reasoning_content == "why"


async def test_choices_fold_side_by_side(client, server):
    """Chunks of several choices that alternate fold into one message each."""
    body = event("a", index=1) + event("x") + event("b", index=1) + event("y")
    server.faults.script([raw(body + event(finish='"stop"') + event(finish='"length"', index=1))])
    final = await client.chat_stream(HELLO).final()
    assert [(c.index, c.message.content, c.finish_reason) for c in final.choices] == [
        (0, "xy", "stop"),
        (1, "ab", "length"),
    ]


async def test_without_folding_nothing_is_kept(client):
    """With `fold=False` chunks come all the same, and `text` and `final()` say why they have nothing."""
    stream = client.chat_stream(HELLO, max_tokens=5, fold=False)
    assert len([chunk async for chunk in stream]) >= 5
    with pytest.raises(ImagineException, match="fold=False"):
        _ = stream.text
    with pytest.raises(ImagineException, match="fold=False"):
        await stream.final()
    completions = client.completion_stream("Once", max_tokens=5, fold=False)
    assert len([chunk async for chunk in completions]) >= 5
    images = client.images_generate_stream("sun", n=2, size="16x16", fold=False)
    assert len([image async for image in images]) == 2


async def test_halves_of_a_character_are_joined(client, server):
    """A character whose surrogate halves come in two chunks is whole in the folded text; a lone half is U+FFFD."""
    server.faults.script([raw(event(r"\ud83d") + event(r"\ude00 \ud83d", '"stop"'))])
    assert (await client.chat_stream(HELLO).final()).first_content == "\N{GRINNING FACE} \N{REPLACEMENT CHARACTER}"


ODD_FRAMES = ["crlf", "cr", "no-space", "multi-line", "comments", "pings", "ids", "named", "bom", "split"]
ODD_CONTENTS = ["nan", "invalid-utf8", "null-fields", "missing-fields", "extra-fields", "unknown-finish-reason"]
ODD_ENDS = ["no-done", "hold-after-done", "gzip", "line-separators", "reasoning-content"]


@pytest.mark.parametrize("fault", [*(f"sse-{frame}" for frame in ODD_FRAMES), *ODD_CONTENTS, *ODD_ENDS])
async def test_odd_but_whole_streams_are_read(client, server, fault):
    """Streams that are framed, packed or filled in uncommon ways are complete all the same."""
    expected = (await client.chat(HELLO, max_tokens=20)).first_content
    server.faults.script([fault])
    final = await client.chat_stream(HELLO, max_tokens=20).final()
    assert "".join(final.first_content.split()).replace("\u2028", "").startswith("".join(expected.split())[:1])
    assert final.choices[0].finish_reason


@pytest.mark.parametrize("fault", ["cut-stream", "cut-clean", "garbage-event", "error-event", "stall"])
async def test_a_broken_stream_delivers_what_came_and_then_raises(client, server, fault):
    """Whatever breaks a stream after three events: they are delivered, and are on the exception, with the call."""
    server.faults.script([f"{fault};after=3"])
    texts = []
    stream = client.chat_stream(HELLO, timeout=Timeout(between_events=0.2))
    with pytest.raises(ImagineException) as caught:
        async for chunk in stream:
            texts.append(chunk.first_content or "")  # noqa: PERF401 - what was delivered before the error
    error = caught.value
    assert len(texts) == error.call.events == stream.call.events == 3
    assert error.partial.first_content == "".join(texts) == stream.text
    assert type(error).__name__ in error.call.error
    with pytest.raises(type(error)):
        await stream.final()


async def test_a_cut_is_told_from_an_end(client, server):
    """The body's end without an end mark is a cut; with `require_end=False` it is an end, but not without an event."""
    server.faults.script(["cut-clean;after=3", "cut-clean;after=3", "cut-clean;after=0"])
    with pytest.raises(ImagineStreamException, match="cut"):
        await client.chat_stream(HELLO).final()
    assert (await client.chat_stream(HELLO, require_end=False).final()).first_content
    with pytest.raises(ImagineStreamException, match="0 events"):
        await client.chat_stream(HELLO, require_end=False).final()


async def test_every_choice_must_have_finished(client, server):
    """A finish reason of one choice does not make a stream complete in which another is open."""
    server.faults.script([raw(event("a") + event("b", index=1) + event(finish='"stop"'))])
    with pytest.raises(ImagineStreamException, match="cut"):
        await client.chat_stream(HELLO).final()


@pytest.mark.parametrize("then", ["close", "abort", "hold"])
async def test_what_breaks_after_the_last_finish_reason_is_no_error(client, server, then):
    """Once every choice has finished, an end, a reset or silence just ends the stream."""
    head = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    body = event("a", '"stop"')
    server.faults.script([Raw([head, b"%x\r\n%s\r\n" % (len(body), body), 0.1], then=then)])
    final = await client.chat_stream(HELLO, timeout=Timeout(between_events=0.2)).final()
    assert final.first_content == "a"


async def test_a_connection_lost_after_done_is_no_error(client, server):
    """A service that drops the connection after [DONE], without ending the body, has said all there was."""
    head = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    body = event("a", '"stop"') + b"data: [DONE]\n\n"
    server.faults.script([Raw([head, b"%x\r\n%s\r\n" % (len(body), body), 0.01], then="close")])
    assert (await client.chat_stream(HELLO).final()).first_content == "a"


async def test_an_empty_finish_reason_is_none(client, server):
    """Gateways that write "" into every delta do not make a cut stream complete."""
    server.faults.script([raw(event("a", '""') + event("b", '""'))])
    with pytest.raises(ImagineStreamException, match="cut"):
        await client.chat_stream(HELLO).final()


@pytest.mark.parametrize("reason", ['"null"', "null"])
async def test_a_finish_reason_that_says_null_is_none(client, server, reason):
    """The text "null", which koboldcpp and ai00 write into every delta, is no finish reason."""
    server.faults.script([raw(event("a", reason) + event("b", reason)), raw(event("a", reason) + b"data: [DONE]\n\n")])
    with pytest.raises(ImagineStreamException, match="cut"):
        await client.chat_stream(HELLO).final()
    answer = await client.chat_stream(HELLO).final()
    assert answer.choices[0].finish_reason is None


async def test_all_alternatives_that_were_asked_for_must_finish(client, server):
    """With `n` in extra_body, a stream that ends between two alternatives is cut; after [DONE] none is missing."""
    one = event("a", '"stop"')
    server.faults.script([raw(one), raw(one + event("b", '"stop"', index=1)), raw(one + b"data: [DONE]\n\n"), raw(one)])
    with pytest.raises(ImagineStreamException, match="cut"):
        await client.chat_stream(HELLO, extra_body={"n": 2}).final()
    assert len((await client.chat_stream(HELLO, extra_body={"n": 2}).final()).choices) == 2
    assert len((await client.chat_stream(HELLO, extra_body={"n": 2}).final()).choices) == 1
    with pytest.raises(ImagineStreamException, match="cut"):
        async for _ in client.completion_stream("Once", extra_body={"n": 2}, fold=False):
            pass


@pytest.mark.parametrize(("after", "then"), [([b"0\r\n\r\n"], "close"), ([5.0], "hold")], ids=["good end", "silence"])
async def test_a_done_over_an_unfinished_choice_completes_it(client, server, after, then):
    """[DONE] over a choice without a finish reason is believed, where the body ends well or nothing more comes."""
    head = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    body = event("a") + b"data: [DONE]\n\n"
    server.faults.script([Raw([head, b"%x\r\n%s\r\n" % (len(body), body), *after], then=then)])
    assert (await client.chat_stream(HELLO).final()).first_content == "a"


async def test_a_break_right_after_a_done_over_an_unfinished_choice_is_a_cut(client, server):
    """An interrupted llama.cpp sends [DONE], and then its body breaks off."""
    head = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    body = event("a") + b"data: [DONE]\n\n"
    server.faults.script([Raw([head, b"%x\r\n%s\r\n" % (len(body), body)], then="close")])
    with pytest.raises(ImagineStreamException, match=r"broke off after \[DONE\]") as caught:
        await client.chat_stream(HELLO).final()
    assert caught.value.partial.first_content == "a"
    assert "broke off" in caught.value.call.error


async def test_a_read_that_was_given_up_is_no_end(server):
    """After a read that was cancelled the next one raises, with what came: the chunks between are lost."""
    server.faults.script(["stall;after=2"])
    async with imagine.ImagineAsyncClient(server.endpoint, server.api_key) as client:
        stream = client.chat_stream(HELLO)
        await anext(stream)
        with pytest.raises(TimeoutError):
            while True:
                await asyncio.wait_for(anext(stream), 0.2)
        with pytest.raises(ImagineStreamException, match="earlier read of this stream was cancelled") as caught:
            await anext(stream)
        assert caught.value.partial.first_content
        await until(lambda: server.open_streams == 0)
        with pytest.raises(ImagineStreamException):
            await stream.final()


async def test_half_a_done_after_the_last_finish_reason_is_no_error(client, server):
    """A body that ends within `[DONE]` lacks nothing once every choice has finished."""
    server.faults.script([raw(event("a", '"stop"') + b"data: [DO")])
    assert (await client.chat_stream(HELLO).final()).first_content == "a"


async def test_nothing_after_done_counts(client, server):
    """What follows [DONE] in the same read is not delivered."""
    server.faults.script([raw(event("a") + b"data: [DONE]\n\n" + event("b"))])
    assert [chunk.first_content async for chunk in client.chat_stream(HELLO)] == ["a"]


@pytest.mark.parametrize("tail", [event("b", '"stop"').rstrip(b"\n"), event("b", '"stop"')[:-1]])
async def test_an_event_without_its_blank_line_is_delivered(client, server, tail):
    """The last event counts although the body ends before its blank line."""
    server.faults.script([raw(event("a") + tail)])
    assert (await client.chat_stream(HELLO).final()).first_content == "ab"


async def test_a_body_that_ends_in_an_event_is_cut(client, server):
    """Half an event at the end of the body is an error that says so."""
    server.faults.script([raw(event("a") + event("b")[:30])])
    with pytest.raises(ImagineStreamException, match="in the middle of an event"):
        await client.chat_stream(HELLO).final()


async def test_good_events_before_a_bad_one_in_the_same_read_are_delivered(client, server):
    """The events before a bad one come first, then the error."""
    server.faults.script([raw(event("a") + event("b") + b"data: nonsense\n\n" + event("c"))])
    texts = []
    with pytest.raises(ImagineStreamException, match="nonsense"):
        async for chunk in client.chat_stream(HELLO):
            texts.append(chunk.first_content)  # noqa: PERF401 - what was delivered before the error
    assert texts == ["a", "b"]


@pytest.mark.parametrize(
    "payload",
    [
        b'data: {"error": {"message": "out of memory", "code": 500}}\n\n',
        b'event: error\ndata: {"message": "out of memory"}\n\n',
        b"event: error\ndata: out of memory\n\n",
    ],
)
async def test_an_error_in_the_stream_is_the_services(client, server, payload):
    """`event: error`, and data with `error` in place of choices, raise with the service's own words."""
    server.faults.script([raw(event("a") + payload + event("b", '"stop"'))])
    with pytest.raises(ImagineStreamErrorException, match="out of memory") as caught:
        await client.chat_stream(HELLO).final()
    assert caught.value.partial.first_content == "a"
    assert caught.value.http_status == 200
    assert isinstance(caught.value, imagine.ImagineAPIException)


@pytest.mark.parametrize("fault", ["html-200", "wrong-content-type", "empty-200"])
async def test_an_answer_that_is_no_stream_is_refused(client, server, fault):
    """Another content type, or nothing at all, is an error, not an empty stream."""
    server.faults.script([fault])
    with pytest.raises(ImagineStreamException):
        await client.chat_stream(HELLO).final()


async def test_an_event_over_the_cap_is_refused(make_client, server):
    """An event that is longer than `max_event_bytes` ends the stream with an error that names the option."""
    client = await make_client(max_retries=0, max_event_bytes=1000)
    server.faults.script([raw(event("a") + event("b" * 2000))])
    with pytest.raises(ImagineStreamException, match="max_event_bytes"):
        await client.chat_stream(HELLO).final()


async def test_leaving_early_frees_the_connection(client, server, imagine_server_options):
    """A stream left inside `async with` is closed at once, and its slot is free."""
    async with client.chat_stream(HELLO, max_tokens=2000, ignore_eos=True) as stream:
        async for _ in stream:
            break
    assert [chunk async for chunk in stream] == []
    with pytest.raises(ImagineStreamException, match="closed before its end") as caught:
        await stream.final()
    assert caught.value.partial.first_content == stream.text
    await until(lambda: server.open_streams == 0)


async def test_a_dropped_stream_frees_its_connection(make_client, server):
    """A loop that is left without closing anything gives connection and slot back."""
    client = await make_client(max_concurrent_requests=1, slot_timeout=5)
    server.faults.script(["stall;after=1"])
    async for _ in client.chat_stream(HELLO):
        break
    await until(lambda: server.open_streams == 0)
    assert (await client.ping()).status == "ok"


async def test_a_stream_is_closed_from_another_task(client, server):
    """`aclose` ends a read that waits in another task: the loop there just ends."""
    server.faults.script(["stall;after=2"])
    stream = client.chat_stream(HELLO)
    arrived = asyncio.Event()

    async def read():
        async for _ in stream:
            arrived.set()
        return "ended"

    reader = asyncio.create_task(read())
    await arrived.wait()
    await stream.aclose()
    assert await reader == "ended"
    await until(lambda: server.open_streams == 0)


async def test_a_stream_is_closed_while_it_opens(client, server):
    """`aclose` also ends the wait for a first event that never comes."""
    server.faults.script(["silent"])
    stream = client.chat_stream(HELLO)

    async def read():
        return [chunk async for chunk in stream]

    reader = asyncio.create_task(read())
    await until(lambda: len(server.requests) == 1)
    await stream.aclose()
    assert await reader == []


async def test_a_closed_stream_sends_nothing(client, server):
    """A stream that is closed before it is read is empty, and nothing was sent."""
    stream = client.chat_stream(HELLO)
    await stream.aclose()
    assert [chunk async for chunk in stream] == []
    assert stream.call is None
    assert server.requests == []


async def test_a_second_loop_goes_on_where_the_first_stopped(client):
    """A stream that is still held goes on, without losing a chunk of the read it stopped in."""
    stream = client.chat_stream(HELLO, max_tokens=10)
    texts = []
    async for chunk in stream:
        texts.append(chunk.first_content or "")
        if len(texts) == 3:
            break
    texts += [chunk.first_content or "" async for chunk in stream]
    assert "".join(texts) == (await stream.final()).first_content


async def test_a_body_that_ends_late_keeps_its_connection(client, server):
    """A service that ends its body 200 ms after [DONE] holds up nobody, and the connection is used again."""
    last = event("a", '"stop"') + b"data: [DONE]\n\n"
    head = HEAD.replace(b"Connection: close", b"Transfer-Encoding: chunked")
    server.faults.script([Raw([head, b"%x\r\n%s\r\n" % (len(last), last), 0.2, b"0\r\n\r\n"], then="keep")])
    await client.chat_stream(HELLO).final()
    await client.chat_stream(HELLO, max_tokens=3).final()
    await asyncio.sleep(0.4)
    for _ in range(2):
        await asyncio.gather(client.ping(), client.ping())
    assert len({request.connection for request in server.requests}) == 2


async def test_a_stream_that_is_kept_has_a_bound(make_client, server):
    """What folds is at most `max_response_bytes` long; `partial` has what came; with `fold=False` nothing counts."""
    pieces = [event("x" * 1000)] * 50
    whole = b"".join(pieces) + event("", '"stop"') + b"data: [DONE]\n\n"
    server.faults.script([raw(*pieces, event("", '"stop"')), raw(whole), raw(whole)])
    client = await make_client(max_response_bytes=20_000)
    for _ in range(2):
        with pytest.raises(ImagineStreamException, match="max_response_bytes=20000") as caught:
            await client.chat_stream(HELLO).final()
        assert caught.value.partial.first_content.startswith("xxx")
    assert len([chunk async for chunk in client.chat_stream(HELLO, fold=False)]) == 51


async def test_a_stream_that_unfolds_out_of_nothing_is_refused(client, server):
    """A compressed stream of which megabytes come out of a few kilobytes ends with an error, kept or not."""
    body = event("x" * 1_000_000) * 40
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    server.faults.script([raw(gzip.compress(body), head=head)] * 2)
    for fold in (True, False):
        with pytest.raises(ImagineStreamException, match="bomb"):
            [None async for _ in client.chat_stream(HELLO, fold=fold)]


async def test_connections_are_kept_after_done(client, server):
    """A stream that was read to [DONE] gives its connection back: the next one uses it again."""
    for _ in range(3):
        await client.chat_stream(HELLO, max_tokens=3).final()
    assert len({request.connection for request in server.requests}) == 1


async def test_the_record_of_a_stream(make_client):
    """`stream.call` tells status, request id, events and times, and `on_call` gets it once."""
    calls = []
    client = await make_client(on_call=calls.append)
    stream = client.chat_stream(HELLO, max_tokens=5)
    await stream.final()
    assert calls == [stream.call]
    assert (stream.call.method, stream.call.path, stream.call.status) == ("POST", "chat/completions", 200)
    assert stream.call.request_id == stream.call.headers["x-request-id"]
    assert stream.call.events >= 5
    assert 0 < stream.call.seconds_to_first_event <= stream.call.seconds_total
    assert [attempt.number for attempt in stream.call.attempts] == [1]


async def test_a_stream_has_one_reader(client, server):
    """A second task that reads the same stream is told so."""
    server.faults.script(["stall;after=1"])
    stream = client.chat_stream(HELLO)
    arrived = asyncio.Event()

    async def read():
        async for _ in stream:
            arrived.set()

    reader = asyncio.create_task(read())
    await arrived.wait()
    await asyncio.sleep(0.05)
    with pytest.raises(ImagineException, match="another task"):
        await stream.final()
    await stream.aclose()
    await reader
