"""Replies that a test scripts: what the clients get, what the test learns, and what fails it."""

from __future__ import annotations

import pytest
from support.clients import HELLO

from imagine import ImagineAPIBadRequestException, ImagineAPIStatusException, ImagineStreamException
from imagine.server import LocalServer, Reply

pytestmark = pytest.mark.anyio


async def contents(stream):
    return [chunk.first_content async for chunk in stream]


async def test_replies_come_in_order(client, server):
    """Each request takes the next reply, whatever the model is called."""
    server.chat.replies("Good morning", "Good night")
    assert (await client.chat(HELLO)).first_content == "Good morning"
    assert server.chat.pending == 1
    assert (await client.chat(HELLO, model="of-my-own")).first_content == "Good night"
    assert server.chat.pending == 0


async def test_a_stream_sends_a_reply_word_by_word(client, server):
    """The pieces make the text together, and blanks at its ends are kept."""
    server.chat.replies(" Good  morning \n", " \n")
    assert await contents(client.chat_stream(HELLO)) == [" Good", "  morning \n", None]
    assert await contents(client.chat_stream(HELLO)) == [" \n", None]


async def test_chunks_are_sent_as_they_are(client, server):
    """`chunks=` says where a stream is cut; a whole answer has them in one."""
    reply = Reply(chunks=["Go", "", "od"], finish_reason="length")
    server.chat.replies(reply, reply)
    assert await contents(client.chat_stream(HELLO)) == ["Go", "", "od", None]
    answer = await client.chat(HELLO)
    assert (answer.first_content, answer.choices[0].finish_reason) == ("Good", "length")
    assert answer.usage.completion_tokens == 3


async def test_a_reply_has_reasoning_and_tool_calls(client, server):
    """A stream of them folds into the same message as the whole answer has."""
    reply = Reply("Let me see", reasoning="Hm", tool_calls=[("look", {"at": "it"}), ("cut", '{"of')])
    server.chat.replies(reply, reply)
    stream = client.chat_stream(HELLO)
    async with stream:
        folded = await stream.final()
    for answer in (await client.chat(HELLO), folded):
        message = answer.choices[0].message
        assert (message.content, message.reasoning_content) == ("Let me see", "Hm")
        calls = [(call.function.name, call.function.arguments) for call in message.tool_calls]
        assert calls == [("look", '{"at":"it"}'), ("cut", '{"of')]
        assert answer.choices[0].finish_reason == "tool_calls"


async def test_when_answers_each_request_that_it_fits(client, server):
    """A reply with `when=` comes before the queue, and is never used up."""
    server.chat.replies("It rains", when=lambda asked: "weather" in asked.messages[-1].content)
    server.chat.replies("Hello")
    weather = [{"role": "user", "content": "How is the weather?"}]
    said = [(await client.chat(messages)).first_content for messages in (weather, HELLO, weather)]
    assert said == ["It rains", "Hello", "It rains"]


async def test_requests_are_typed(client, server):
    """What was asked is there as the data class of the route, scripted or not."""
    await client.chat(HELLO, temperature=0.5, max_tokens=3)
    await client.embeddings(["one", "two"])
    assert [asked.temperature for asked in server.chat.requests] == [0.5]
    assert server.chat.last.messages[-1].content == HELLO[-1]["content"]
    assert server.embeddings.last.input == ["one", "two"]
    with pytest.raises(LookupError, match=r"server\.reranker has had no request"):
        _ = server.reranker.last


async def test_every_route_takes_replies(client, server):
    """Completions, translations and transcriptions take texts, embeddings vectors, reranking scores, images files."""
    server.completions.replies("upon a time")
    server.translate.replies("Buenos dias a todos")
    server.transcribe.replies("What was said")
    server.embeddings.replies([[1, 0], [0, 0.5]])
    server.reranker.replies([0.25, 0.75])
    server.images.replies([b"one", b"two"])
    assert (await client.completion("Once", max_tokens=1)).first_text == "upon a time"
    assert (await client.translate("Hello", max_tokens=1)).first_text == "Buenos dias a todos"
    assert (await client.transcribe(b"RIFF", file_name="a.wav")).text == "What was said"
    assert [row.embedding for row in (await client.embeddings(["a", "b"])).data] == [[1, 0], [0, 0.5]]
    ranked = (await client.reranker("a", ["b", "c"], top_n=2)).data
    assert [(row.index, row.relevance_score) for row in ranked] == [(1, 0.75), (0, 0.25)]
    assert [image.b64_json for image in (await client.images_generate("a cat", n=2)).data] == ["b25l", "dHdv"]
    assert (server.transcribe.last.model, server.translate.last.prompt) == ("whisper-tiny", "Hello")


async def test_a_fault_takes_its_turn_in_the_queue(make_client, server):
    """`fault=` spoils the reply that it belongs to; a retry takes the next one."""
    client = await make_client(max_retries=1)
    server.chat.replies(Reply(fault="status;code=503;retry-after=0"), Reply("Good morning", fault="cut-stream;after=1"))
    with pytest.raises(ImagineStreamException) as raised:
        await contents(client.chat_stream(HELLO))
    assert raised.value.partial.first_content == "Good"
    assert len(server.chat.requests) == 2


async def test_a_fault_of_the_script_leaves_the_reply_alone(client, server):
    """A request that is answered by `server.faults` takes no reply."""
    server.faults.script(["status;code=500"])
    server.chat.replies("Good morning")
    with pytest.raises(ImagineAPIStatusException):
        await client.chat(HELLO)
    assert (await client.chat(HELLO)).first_content == "Good morning"


async def test_a_reply_that_says_nothing_delays_the_engines(client, server):
    """`delay=` alone is a late answer of the engines, on every route."""
    server.embeddings.replies(Reply(delay=0.05))
    answer = await client.embeddings("one")
    assert len(answer.first_embedding) == 1024
    assert server.embeddings.pending == 0


async def test_clear_brings_the_engines_back(client, server):
    """After `clear` nothing is scripted, and nothing left over."""
    server.chat.replies("Good morning")
    server.chat.clear()
    assert (await client.chat(HELLO, max_tokens=5)).usage.completion_tokens == 5


@pytest.fixture
def face_client(face):
    """Makes clients of servers other than the test's own."""
    from support.clients import behind_face

    return lambda server: behind_face(face, server.endpoint, server.api_key, max_retries=0)


async def test_a_request_without_a_reply_is_refused_and_fails_the_test(face_client):
    """The client's error says that no reply is left, and so does the server's end, with what was asked."""
    words = r"server\.chat has no reply for this request: all 1 are used up"
    with pytest.raises(AssertionError, match=f"{words}: .*How do networks"), LocalServer() as server:
        server.chat.replies("Good morning")
        async with face_client(server) as client:
            await client.chat(HELLO)
            with pytest.raises(ImagineAPIBadRequestException, match=words):
                await client.chat(HELLO)


def test_replies_left_over_fail_the_test():
    """The server's end names them."""
    words = r"server\.chat has 2 of its replies left, .*Reply\(text='one'\), Reply\(text='two', delay=1\)"
    with pytest.raises(AssertionError, match=words), LocalServer() as server:
        server.chat.replies("one", Reply("two", delay=1))


def test_an_error_of_the_test_is_not_covered():
    """A block that fails by itself is not asked for its replies."""
    with pytest.raises(KeyError), LocalServer() as server:
        server.chat.replies("one")
        raise KeyError


async def test_options_allow_both(face_client):
    """`unscripted="answer"` lets the engines answer, `left_over="ignore"` forgives replies."""
    with LocalServer(unscripted="answer", left_over="ignore") as server:
        server.embeddings.replies([[1.0]])
        server.chat.replies("Good morning")
        async with face_client(server) as client:
            await client.chat(HELLO)
            assert (await client.chat(HELLO, max_tokens=5)).usage.completion_tokens == 5


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (lambda server: server.embeddings.replies([[1.0]]), "a reply of 1 vectors was given to a request of 2 texts"),
        (lambda server: server.embeddings.replies([[1.0]], when=lambda asked: asked.nothing), "when= of server.emb"),
    ],
)
async def test_a_reply_that_cannot_answer_fails_the_test(face_client, script, words):
    """Vectors for other texts than were asked for, and a `when=` that raises, are told to both sides."""
    with pytest.raises(AssertionError, match=words), LocalServer() as server:
        script(server)
        async with face_client(server) as client:
            with pytest.raises(ImagineAPIBadRequestException, match=words):
                await client.embeddings(["one", "two"])


async def test_a_request_that_the_route_refuses_takes_no_reply(client, server):
    """An unreadable request is refused as ever, and the reply waits for the next one."""
    server.chat.replies("Good morning")
    with pytest.raises(ImagineAPIBadRequestException, match="messages"):
        await client.request("POST", "chat/completions", json={"model": "m"})
    assert (await client.chat(HELLO)).first_content == "Good morning"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"text": 1}, TypeError, "text= must be a str or None, not 1"),
        ({"chunks": "abc"}, TypeError, "chunks= must be a list of str"),
        ({"chunks": []}, TypeError, "chunks= must be a list of str with at least one"),
        ({"text": "a", "chunks": ["b"]}, ValueError, "text= 'a' is not what chunks="),
        ({"tool_calls": ["look"]}, TypeError, "tool_calls= must be pairs"),
        ({"tool_calls": [("look", {"at": object()})]}, TypeError, "tool_calls= has arguments that JSON has no form"),
        ({"delay": -1}, ValueError, "delay= must be at least 0"),
        ({"delay": "1"}, TypeError, "delay= must be a number"),
        ({"fault": "cut-steam"}, ValueError, "Unknown fault 'cut-steam'"),
        ({"fault": "reset-before-body"}, ValueError, r"use server\.faults\.script"),
    ],
)
def test_a_reply_is_checked_when_it_is_made(arguments, error, words):
    """A value that makes no sense is refused in the test, not on the wire."""
    with pytest.raises(error, match=words):
        Reply(**arguments)


@pytest.mark.parametrize(
    ("route", "answers", "error", "words"),
    [
        ("chat", [], TypeError, "at least one answer, not 0"),
        ("chat", [b"x"], TypeError, r"server\.chat\.replies\(\) takes str and Reply"),
        ("completions", [Reply("a", reasoning="b")], ValueError, "leave reasoning= and tool_calls= out"),
        ("embeddings", [[[1.0], [1.0, 2.0]]], ValueError, "vectors of one length"),
        ("embeddings", [[1.0]], TypeError, "a list of vectors for each request"),
        ("embeddings", [Reply("a")], TypeError, "or a Reply with delay= and fault= alone"),
        ("reranker", ["a"], TypeError, "a list of scores for each request"),
        ("reranker", [[float("nan")]], TypeError, "a list of scores"),
        ("images", [["a"]], TypeError, "the bytes of an image"),
    ],
)
def test_an_answer_is_checked_when_it_is_scripted(server, route, answers, error, words):
    """What a route cannot answer is refused, and none of the answers is added."""
    script = getattr(server, route)
    with pytest.raises(error, match=words):
        script.replies(*answers)
    assert script.pending == 0


def test_when_takes_one_answer(server):
    """Several for the same requests would have no order."""
    with pytest.raises(TypeError, match="takes one answer, not 2"):
        server.chat.replies("a", "b", when=lambda asked: True)


@pytest.mark.parametrize(("option", "known"), [("unscripted", "'fail', 'answer'"), ("left_over", "'fail', 'ignore'")])
def test_an_unknown_choice_is_refused(option, known):
    """The message has the choices."""
    with pytest.raises(ValueError, match=f"{option} must be one of {known}, not 'perhaps'"):
        LocalServer(**{option: "perhaps"})
